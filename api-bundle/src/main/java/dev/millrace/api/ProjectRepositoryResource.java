package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.DeployKey;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.RepositoryLogin;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.service.Repositories;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** The Git repository of a project, and how to log in there. */
@Component(service = ProjectRepositoryResource.class)
@JakartarsResource
@Path("/api/v0/projects/{project}/repository")
@Produces(MediaType.APPLICATION_JSON)
public final class ProjectRepositoryResource {
  private final Repositories repositories;

  @Activate
  public ProjectRepositoryResource(@Reference Repositories repositories) {
    this.repositories = repositories;
  }

  @GET
  public RepositoryDetail find(
      @Context ContainerRequestContext context, @PathParam("project") String project) {
    return RepositoryDetail.of(
        repositories.find(Call.of(context).actor(), ProjectsResource.parse(project)));
  }

  /**
   * Sets the address, and the login where it is given; on another server the old login is dropped.
   */
  @PUT
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "url")
  public RepositoryDetail put(
      @Context ContainerRequestContext context,
      @PathParam("project") String project,
      RepositoryBody body) {
    return RepositoryDetail.of(
        repositories.put(Call.of(context).actor(), ProjectsResource.parse(project), body.wish()));
  }

  /** Replaces the project's SSH key by a new one. */
  @POST
  @Path("key")
  @Answers(status = 201, value = RepositoryDetail.class)
  public Response newKey(
      @Context ContainerRequestContext context, @PathParam("project") String project) {
    Repository made =
        repositories.newKey(Call.of(context).actor(), ProjectsResource.parse(project));
    return Response.status(Response.Status.CREATED).entity(RepositoryDetail.of(made)).build();
  }

  /**
   * A repository's address; {@code ref} is a comma list of branches and tags. The password is never
   * answered.
   */
  public record RepositoryBody(
      @Nullable String url,
      @Nullable String ref,
      @Nullable String username,
      @Nullable String password,
      @Nullable String hostKey) {
    Repositories.Wish wish() {
      List<String> refs =
          Arrays.stream(Optional.ofNullable(ref).orElse("").split(",", -1))
              .map(String::trim)
              .filter(r -> !r.isEmpty())
              .distinct()
              .toList();
      return new Repositories.Wish(
          Optional.ofNullable(url).orElse("").trim(),
          refs,
          Optional.ofNullable(username).map(String::trim),
          Optional.ofNullable(password).map(Secret::of),
          Optional.ofNullable(hostKey));
    }

    @Override
    public String toString() {
      return "RepositoryBody[" + url + ", ***]";
    }
  }

  /** A project's repository in full; {@code public_key} is what an SSH server is given. */
  public record RepositoryDetail(
      int id,
      String url,
      String ref,
      String username,
      boolean hasPassword,
      String hostKey,
      Optional<String> publicKey) {
    static RepositoryDetail of(Repository repository) {
      RepositoryLogin login = repository.login();
      return new RepositoryDetail(
          repository.id(),
          repository.url(),
          String.join(", ", repository.refs()),
          login.username(),
          login.password().isPresent(),
          login.hostKeys(),
          login.key().map(DeployKey::publicKey));
    }
  }
}
