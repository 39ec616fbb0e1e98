package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.engine.service.Fetches;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Fetches a project's repository. */
@Component(service = FetchResource.class)
@JakartarsResource
@Path("/api/v0/projects/{project}/fetch")
@Produces(MediaType.APPLICATION_JSON)
public final class FetchResource {
  private final Fetches fetches;

  @Activate
  public FetchResource(@Reference Fetches fetches) {
    this.fetches = fetches;
  }

  @POST
  @Answers(status = 201, value = FetchView.class)
  public Response fetch(
      @Context ContainerRequestContext context, @PathParam("project") String project) {
    Fetches.Fetched fetched =
        fetches.fetch(Call.of(context).actor(), ProjectsResource.parse(project));
    List<FetchedView> commits =
        fetched.commits().stream().map(c -> new FetchedView(c.ref(), c.identifier())).toList();
    return Response.status(Response.Status.CREATED)
        .entity(new FetchView(commits, fetched.errors()))
        .build();
  }

  /** What a fetch answers. */
  public record FetchView(List<FetchedView> commits, List<String> errors) {}

  /** The newest commit of a branch or tag. */
  public record FetchedView(String ref, String identifier) {}
}
