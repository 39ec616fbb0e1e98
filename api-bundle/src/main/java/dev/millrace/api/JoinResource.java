package dev.millrace.api;

import dev.millrace.api.http.Open;
import dev.millrace.engine.dispatch.Messages;
import dev.millrace.engine.dispatch.Registrations;
import dev.millrace.engine.service.JoinTokens;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What a machine loads that joins by the line that {@code bin/millrace join} prints. */
@Component(service = JoinResource.class)
@JakartarsResource
@Path("/worker/join")
@Open
public final class JoinResource {
  private final JoinTokens tokens;
  private final Registrations registrations;

  @Activate
  public JoinResource(@Reference JoinTokens tokens, @Reference Registrations registrations) {
    this.tokens = tokens;
    this.registrations = registrations;
  }

  /** The script that the line runs. */
  @GET
  @Path("join.sh")
  @Produces("text/x-shellscript")
  public String script() {
    try (InputStream in = JoinResource.class.getResourceAsStream("/join/join.sh")) {
      if (in == null) {
        throw new NotFoundException();
      }
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The certificate of the master's own authority; the line carries its hash. */
  @GET
  @Path("ca.pem")
  @Produces("application/x-pem-file")
  public String authority() {
    return tokens.authority().orElseThrow(NotFoundException::new);
  }

  /** The worker's release, for who has a join token that is still good. */
  @POST
  @Path("release")
  @Produces(MediaType.APPLICATION_JSON)
  public Response release(InputStream body) {
    return Answers.of(
        () -> registrations.release(Answers.read(body, Messages.Joining.class).joinToken()));
  }
}
