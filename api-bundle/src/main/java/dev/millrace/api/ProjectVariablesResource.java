package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.service.Variables;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Environment variables of a project. Its detail shows them; secrets are never shown. */
@Component(service = ProjectVariablesResource.class)
@JakartarsResource
@Path("/api/v0/projects/{project}/environment_variable")
@Produces(MediaType.APPLICATION_JSON)
public final class ProjectVariablesResource {
  private final Variables variables;

  @Activate
  public ProjectVariablesResource(@Reference Variables variables) {
    this.variables = variables;
  }

  /** Makes or replaces one. */
  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = Changed.class)
  @Takes(required = "name")
  public Response put(
      @Context ContainerRequestContext context,
      @PathParam("project") String project,
      VariableBody body) {
    variables.put(Call.of(context).actor(), Ids.projectInPath(project), body.given());
    return Response.status(Response.Status.CREATED).entity(new Changed(true)).build();
  }

  /** Deletes the one that the body names. */
  @DELETE
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "name")
  public Changed remove(
      @Context ContainerRequestContext context,
      @PathParam("project") String project,
      VariableBody.Named body) {
    variables.remove(Call.of(context).actor(), Ids.projectInPath(project), body.text());
    return new Changed(true);
  }

  /** That it was done. */
  public record Changed(boolean ok) {}
}
