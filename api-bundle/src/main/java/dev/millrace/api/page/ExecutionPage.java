package dev.millrace.api.page;

import dev.millrace.api.http.Open;
import dev.millrace.engine.service.ExecutionView;
import dev.millrace.engine.service.Executions;
import dev.millrace.engine.service.LogPage;
import dev.millrace.engine.service.Refusal;
import dev.millrace.engine.service.WebSessions;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What {@code urls.display} of an execution shows. */
@Component(service = ExecutionPage.class)
@JakartarsResource
@Path("/e/{name}")
@Open
public final class ExecutionPage {
  private static final int TAIL = 200;

  private final WebSessions sessions;
  private final Executions executions;

  @Activate
  public ExecutionPage(@Reference WebSessions sessions, @Reference Executions executions) {
    this.sessions = sessions;
    this.executions = executions;
  }

  @GET
  public Response show(@Context ContainerRequestContext context, @PathParam("name") String name) {
    return Visit.page(
        context,
        sessions,
        visit -> {
          ExecutionView.Detail detail = executions.find(visit.actor(), name, true, true);
          ExecutionMarkup markup = new ExecutionMarkup(visit, detail);
          try (LogPage log = executions.events(visit.actor(), name, TAIL)) {
            List<LogPage.Line> lines = new ArrayList<>();
            log.forEach(lines::add);
            lines.addAll(log.open());
            return visit.html(200, markup.page(lines, log.total())).build();
          } catch (Refusal e) {
            return visit.html(200, markup.pageWithoutLog(e.text())).build();
          }
        });
  }

  /** The whole log as plain text. */
  @GET
  @Path("log")
  public Response log(@Context ContainerRequestContext context, @PathParam("name") String name) {
    return Visit.page(
        context,
        sessions,
        visit -> {
          LogPage log = executions.events(visit.actor(), name, 0);
          StreamingOutput body =
              out -> {
                Writer text =
                    new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
                try (log) {
                  log.forEach(line -> write(text, line));
                } catch (UncheckedIOException e) {
                  throw new IOException(e);
                }
                text.flush();
              };
          return Visit.safe(Response.ok(body, "text/plain;charset=utf-8")).build();
        });
  }

  /** Asks for the end of the run, as the API does. */
  @POST
  @Path("stop")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  public Response stop(
      @Context ContainerRequestContext context,
      @PathParam("name") String name,
      @FormParam(Visit.TOKEN) @DefaultValue("") String token) {
    return Visit.change(
        context,
        sessions,
        token,
        visit -> {
          ExecutionView view = executions.stop(visit.actor(), name);
          return visit.redirect("/e/" + view.execution().id() + "/").build();
        });
  }

  private static void write(Writer text, LogPage.Line line) {
    try {
      text.write(Words.plain(line.message()));
      text.write('\n');
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
