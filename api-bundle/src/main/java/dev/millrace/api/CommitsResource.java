package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Query;
import dev.millrace.engine.service.Commits;
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

/** Commits of all projects that the caller sees. */
@Component(service = CommitsResource.class)
@JakartarsResource
@Path("/api/v0/commits")
@Produces(MediaType.APPLICATION_JSON)
public final class CommitsResource {
  private final Commits commits;

  @Activate
  public CommitsResource(@Reference Commits commits) {
    this.commits = commits;
  }

  @GET
  @Query(value = "project", kind = Query.Kind.ID)
  @Query(value = "adhoc", kind = Query.Kind.FLAG)
  public Call.Page<CommitJson> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(
        commits.list(
            call.actor(),
            call.query("project").map(text -> Ids.project("project", text)),
            call.flag("adhoc"),
            call.slice()),
        view -> CommitJson.of(view, call, false));
  }

  /** By id or by full identifier; {@code include=config} adds the configuration's text. */
  @GET
  @Path("{name}")
  @Query(value = "project", kind = Query.Kind.ID)
  @Query("include")
  public CommitJson find(@Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    return CommitJson.of(
        commits.find(
            call.actor(), name, call.query("project").map(text -> Ids.project("project", text))),
        call,
        call.names("include").contains("config"));
  }
}
