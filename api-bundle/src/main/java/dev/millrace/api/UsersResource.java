package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.service.Users;
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
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** People. */
@Component(service = UsersResource.class)
@JakartarsResource
@Path("/api/v0/users")
@Produces(MediaType.APPLICATION_JSON)
public final class UsersResource {
  private final Users users;

  @Activate
  public UsersResource(@Reference Users users) {
    this.users = users;
  }

  @GET
  @Path("me")
  public UserView me(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return UserView.of(users.me(call.actor()), call);
  }

  @GET
  public Call.Page<UserView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(users.list(call.actor(), call.slice()), u -> UserView.of(u, call));
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = UserView.class)
  @Takes(required = "username")
  public Response make(@Context ContainerRequestContext context, UserBody body) {
    Call call = Call.of(context);
    User made =
        users.make(
            call.actor(),
            new Users.NewUser(
                Optional.ofNullable(body.username()).orElse("").trim(),
                Optional.ofNullable(body.email()).orElse(""),
                Optional.ofNullable(body.firstName()).orElse(""),
                Optional.ofNullable(body.lastName()).orElse(""),
                Optional.ofNullable(body.isAdmin()).orElse(false),
                Optional.ofNullable(body.password()).map(Secret::of)));
    return Response.status(Response.Status.CREATED).entity(UserView.of(made, call)).build();
  }

  @GET
  @Path("{id}")
  public UserView find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return UserView.of(users.find(call.actor(), whom(id, call.actor())), call);
  }

  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public UserView change(
      @Context ContainerRequestContext context, @PathParam("id") String id, UserBody body) {
    Call call = Call.of(context);
    User user =
        users.update(
            call.actor(),
            whom(id, call.actor()),
            new Users.Change(
                Optional.ofNullable(body.email()),
                Optional.ofNullable(body.firstName()),
                Optional.ofNullable(body.lastName()),
                Optional.ofNullable(body.isAdmin()),
                Optional.ofNullable(body.isActive()).map(active -> !active),
                Optional.ofNullable(body.password()).map(Secret::of)));
    return UserView.of(user, call);
  }

  @PUT
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public UserView replace(
      @Context ContainerRequestContext context, @PathParam("id") String id, UserBody body) {
    return change(context, id, body);
  }

  /** A user is never forgotten, only shut out: what they made keeps its maker. */
  @DELETE
  @Path("{id}")
  @Answers(status = 204)
  public Response disable(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    Optional<String> keep = Optional.empty();
    users.update(
        call.actor(),
        whom(id, call.actor()),
        new Users.Change(keep, keep, keep, Optional.empty(), Optional.of(true), Optional.empty()));
    return Response.noContent().build();
  }

  private OwnerId whom(String id, Actor actor) {
    return id.equals("me") ? users.me(actor).id() : OwnerPath.parse(id, "User");
  }

  /** What may be set of a user. */
  public record UserBody(
      @Nullable String username,
      @Nullable String email,
      @Nullable String firstName,
      @Nullable String lastName,
      @Nullable Boolean isAdmin,
      @Nullable Boolean isActive,
      @Nullable String password) {
    @Override
    public String toString() {
      return "UserBody[" + username + "]";
    }
  }

  /** A user as clients see them. */
  public record UserView(
      int id,
      String username,
      String email,
      String firstName,
      String lastName,
      boolean isAdmin,
      boolean isActive,
      Instant ctime,
      @Format("uri") String url) {
    static UserView of(User user, Call call) {
      return new UserView(
          user.id().value(),
          user.name(),
          user.email(),
          user.firstName(),
          user.lastName(),
          user.admin(),
          !user.disabled(),
          user.createdAt(),
          call.url("/api/v0/users/" + user.id() + "/"));
    }
  }
}
