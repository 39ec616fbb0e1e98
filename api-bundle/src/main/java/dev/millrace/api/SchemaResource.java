package dev.millrace.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Open;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.OpenApi;
import dev.millrace.engine.service.ServerInfo;
import dev.millrace.engine.service.Unavailable;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** The OpenAPI document of this API, made from the resources that are served. */
@Component(service = SchemaResource.class)
@JakartarsResource
@Path("/api/v0/schema")
@Produces(MediaType.APPLICATION_JSON)
public final class SchemaResource {
  private final Routes routes;
  private final ServerInfo server;
  private volatile Optional<ObjectNode> made = Optional.empty();

  @Activate
  public SchemaResource(@Reference Routes routes, @Reference ServerInfo server) {
    this.routes = routes;
    this.server = server;
  }

  @GET
  @Open
  @Answers(value = Document.class)
  public Response schema() {
    if (made.isEmpty()) {
      if (!routes.missing().isEmpty()) {
        throw new Unavailable("starting", "The API is not whole yet; ask again in a moment");
      }
      made = Optional.of(OpenApi.of(routes.classes(), server.version()));
    }
    return Response.ok(made.get()).build();
  }

  /** The outermost members of the document. */
  public record Document(
      String openapi,
      ObjectNode info,
      List<ObjectNode> servers,
      ObjectNode paths,
      ObjectNode components) {}
}
