package dev.millrace.api;

import dev.millrace.api.http.Open;
import dev.millrace.engine.service.ServerInfo;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What server this is. */
@Component(service = ServerResource.class)
@JakartarsResource
@Path("/api/v0/server")
@Produces(MediaType.APPLICATION_JSON)
public final class ServerResource {
  private final ServerInfo server;

  @Activate
  public ServerResource(@Reference ServerInfo server) {
    this.server = server;
  }

  @GET
  @Open
  public ServerView server() {
    return new ServerView(server.flavor(), server.version());
  }

  /** What {@code server/} answers. */
  public record ServerView(String flavor, String version) {}
}
