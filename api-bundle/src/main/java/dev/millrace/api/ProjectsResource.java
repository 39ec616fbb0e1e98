package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Organizations;
import dev.millrace.engine.service.Projects;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Projects. */
@Component(service = ProjectsResource.class)
@JakartarsResource
@Path("/api/v0/projects")
@Produces(MediaType.APPLICATION_JSON)
public final class ProjectsResource {
  private final Projects projects;
  private final Organizations organizations;

  @Activate
  public ProjectsResource(@Reference Projects projects, @Reference Organizations organizations) {
    this.projects = projects;
    this.organizations = organizations;
  }

  /** One entry for a user without organisations: two make clients ask. */
  @GET
  @Path("ownership_options")
  public List<String> ownershipOptions(@Context ContainerRequestContext context) {
    return organizations.ownershipOptions(Call.of(context).actor());
  }

  @GET
  public Call.Page<ProjectView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(projects.list(call.actor(), call.slice()), p -> ProjectView.of(p, call));
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = ProjectView.Detail.class)
  @Takes(required = "name")
  public Response make(@Context ContainerRequestContext context, ProjectBody body) {
    Call call = Call.of(context);
    Projects.Detail made = projects.make(call.actor(), body.wish());
    return Response.status(Response.Status.CREATED)
        .entity(ProjectView.Detail.of(made, call))
        .build();
  }

  @GET
  @Path("{id}")
  public ProjectView.Detail find(
      @Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return ProjectView.Detail.of(projects.find(call.actor(), parse(id)), call);
  }

  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public ProjectView.Detail change(
      @Context ContainerRequestContext context, @PathParam("id") String id, ProjectBody body) {
    Call call = Call.of(context);
    return ProjectView.Detail.of(projects.update(call.actor(), parse(id), body.wish()), call);
  }

  @PUT
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public ProjectView.Detail replace(
      @Context ContainerRequestContext context, @PathParam("id") String id, ProjectBody body) {
    return change(context, id, body);
  }

  @DELETE
  @Path("{id}")
  @Answers(status = 204)
  public Response delete(@Context ContainerRequestContext context, @PathParam("id") String id) {
    projects.delete(Call.of(context).actor(), parse(id));
    return Response.noContent().build();
  }

  static ProjectId parse(String id) {
    try {
      return ProjectId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Project");
    }
  }

  /** What may be set of a project. An empty default environment takes it away. */
  public record ProjectBody(
      @Nullable String name,
      @Nullable String description,
      @Nullable String owner,
      @Nullable String yamlPath,
      @Nullable String defaultEnvironment) {
    Projects.Wish wish() {
      return new Projects.Wish(
          Optional.ofNullable(name),
          Optional.ofNullable(description),
          Optional.ofNullable(owner).map(String::trim).filter(o -> !o.isEmpty()),
          Optional.ofNullable(yamlPath),
          Optional.ofNullable(defaultEnvironment));
    }
  }
}
