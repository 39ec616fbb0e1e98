package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.http.Items;
import dev.millrace.api.openapi.Query;
import dev.millrace.engine.service.Commits;
import dev.millrace.engine.store.Slice;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Commits of one project, in a form that clients print as it is. */
@Component(service = ProjectCommitsResource.class)
@JakartarsResource
@Path("/api/v0/projects/{project}/commits")
@Produces(MediaType.APPLICATION_JSON)
public final class ProjectCommitsResource {
  private final Commits commits;

  @Activate
  public ProjectCommitsResource(@Reference Commits commits) {
    this.commits = commits;
  }

  /** A bare array, unlike other lists. */
  @GET
  @Query(value = "limit", kind = Query.Kind.NUMBER)
  @Query(value = "offset", kind = Query.Kind.NUMBER)
  public Items<CommitJson> commits(
      @Context ContainerRequestContext context, @PathParam("project") String project) {
    Call call = Call.of(context);
    return call.items(
        commits.ofProject(
            call.actor(),
            Ids.projectInPath(project),
            new Slice(call.offset(), call.limit().orElse(Slice.MAX_LIMIT))),
        view -> CommitJson.of(view, call, false));
  }
}
