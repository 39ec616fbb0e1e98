package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.service.Repositories;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** The repositories of all projects that the caller sees. */
@Component(service = RepositoriesResource.class)
@JakartarsResource
@Path("/api/v0/repositories")
@Produces(MediaType.APPLICATION_JSON)
public final class RepositoriesResource {
  private final Repositories repositories;

  @Activate
  public RepositoriesResource(@Reference Repositories repositories) {
    this.repositories = repositories;
  }

  @GET
  public Call.Page<SourceView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(repositories.list(call.actor(), call.slice()), SourceView::of);
  }

  /** A repository and its project. */
  public record SourceView(int id, String url, String ref, ProjectName project) {
    static SourceView of(Repositories.Source source) {
      return new SourceView(
          source.repository().id(),
          source.repository().url(),
          String.join(", ", source.repository().refs()),
          new ProjectName(source.project().id().toString(), source.project().name()));
    }
  }

  /** A project by id and name. */
  public record ProjectName(@Format("uuid") String id, String name) {}
}
