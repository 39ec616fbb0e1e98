package dev.millrace.api.page;

import dev.millrace.api.http.Open;
import dev.millrace.engine.service.Data;
import dev.millrace.engine.service.WebSessions;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Leads a browser to the bytes of a tracked file, by an address that is good for an hour. */
@Component(service = FilePage.class)
@JakartarsResource
@Path("/d/{id}")
@Open
public final class FilePage {
  private final WebSessions sessions;
  private final Data data;

  @Activate
  public FilePage(@Reference WebSessions sessions, @Reference Data data) {
    this.sessions = sessions;
    this.data = data;
  }

  @GET
  public Response download(@Context ContainerRequestContext context, @PathParam("id") String id) {
    return Visit.page(
        context,
        sessions,
        visit ->
            Visit.safe(
                    Response.seeOther(
                        URI.create(data.download(visit.actor(), id, visit.call().url("")))))
                .build());
  }
}
