package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.http.Open;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.service.Logins;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** A token for a name and a password. */
@Component(service = LoginResource.class)
@JakartarsResource
@Path("/api/v0/get-token")
@Produces(MediaType.APPLICATION_JSON)
public final class LoginResource {
  private final Logins logins;

  @Activate
  public LoginResource(@Reference Logins logins) {
    this.logins = logins;
  }

  @POST
  @Open
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = {"username", "password"})
  public TokenText login(@Context ContainerRequestContext context, Credentials body) {
    String username = Optional.ofNullable(body.username()).orElse("");
    Secret password = Secret.of(Optional.ofNullable(body.password()).orElse(""));
    return new TokenText(
        logins.token(username, password, Call.of(context).address()).text().reveal());
  }

  /** What a person types. */
  public record Credentials(@Nullable String username, @Nullable String password) {
    @Override
    public String toString() {
      return "Credentials[" + username + ", ***]";
    }
  }

  /** The token, shown this once. */
  public record TokenText(String token) {
    @Override
    public String toString() {
      return "***";
    }
  }
}
