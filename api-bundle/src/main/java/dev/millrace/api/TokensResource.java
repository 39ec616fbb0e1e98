package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Query;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Tokens;
import dev.millrace.engine.store.Rows;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** API tokens of the caller; administrators name another user. */
@Component(service = TokensResource.class)
@JakartarsResource
@Path("/api/v0/tokens")
@Produces(MediaType.APPLICATION_JSON)
public final class TokensResource {
  private final Tokens tokens;

  @Activate
  public TokensResource(@Reference Tokens tokens) {
    this.tokens = tokens;
  }

  @GET
  @Query(value = "user", kind = Query.Kind.NUMBER)
  public Call.Page<TokenView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    List<ApiToken> all = tokens.list(call.actor(), call.number("user").map(OwnerId::new));
    int from = Math.min(call.slice().offset(), all.size());
    int to = Math.min(all.size(), from + call.slice().limit());
    return call.page(new Rows<>(all.subList(from, to), all.size()), t -> TokenView.of(t, call));
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = NewTokenView.class)
  @Takes(required = "name")
  public Response make(@Context ContainerRequestContext context, NewToken body) {
    Call call = Call.of(context);
    Tokens.Made made =
        tokens.make(
            call.actor(),
            Optional.ofNullable(body.user()).map(OwnerId::new),
            Optional.ofNullable(body.name()).orElse("").trim(),
            Optional.ofNullable(body.expiresIn()).map(Duration::ofSeconds));
    return Response.status(Response.Status.CREATED).entity(NewTokenView.of(made, call)).build();
  }

  @DELETE
  @Path("{id}")
  @Answers(status = 204)
  public Response revoke(@Context ContainerRequestContext context, @PathParam("id") String id) {
    tokens.revoke(Call.of(context).actor(), parse(id));
    return Response.noContent().build();
  }

  private static TokenId parse(String id) {
    try {
      return TokenId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Token");
    }
  }

  /**
   * A request for a token.
   *
   * @param expiresIn seconds; absent: good until revoked
   * @param user id of another user, for administrators
   */
  public record NewToken(@Nullable String name, @Nullable Long expiresIn, @Nullable Integer user) {}

  /** A token as lists show it. */
  public record TokenView(
      @Format("uuid") String id,
      String name,
      int user,
      Instant ctime,
      Optional<Instant> expires,
      Optional<Instant> revoked,
      @Format("uri") String url) {
    static TokenView of(ApiToken token, Call call) {
      return new TokenView(
          token.id().toString(),
          token.name(),
          token.user().value(),
          token.createdAt(),
          token.expiresAt(),
          token.revokedAt(),
          call.url("/api/v0/tokens/" + token.id() + "/"));
    }
  }

  /** A new token with its text, once. */
  public record NewTokenView(
      @Format("uuid") String id,
      String name,
      int user,
      Optional<Instant> expires,
      String token,
      @Format("uri") String url) {
    static NewTokenView of(Tokens.Made made, Call call) {
      TokenView view = TokenView.of(made.token(), call);
      return new NewTokenView(
          view.id(), view.name(), view.user(), view.expires(), made.text().reveal(), view.url());
    }
  }
}
