package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.VariableGroup;
import dev.millrace.engine.service.Variables;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Groups of environment variables, which executions take by name or id. */
@Component(service = VariableGroupsResource.class)
@JakartarsResource
@Path("/api/v0/environment-variable-groups")
@Produces(MediaType.APPLICATION_JSON)
public final class VariableGroupsResource {
  private final Variables variables;

  @Activate
  public VariableGroupsResource(@Reference Variables variables) {
    this.variables = variables;
  }

  @GET
  public Call.Page<GroupView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(variables.groups(call.actor(), call.slice()), g -> GroupView.of(g, call));
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = GroupView.class)
  @Takes(required = "name")
  public Response make(@Context ContainerRequestContext context, GroupBody body) {
    Call call = Call.of(context);
    Variables.Group made = variables.makeGroup(call.actor(), body.wish(), body.given());
    return Response.status(Response.Status.CREATED).entity(GroupView.of(made, call)).build();
  }

  @GET
  @Path("{id}")
  public GroupView find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return GroupView.of(variables.group(call.actor(), id), call);
  }

  /** Name and description; variables are set one by one. */
  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public GroupView change(
      @Context ContainerRequestContext context, @PathParam("id") String id, GroupChange body) {
    Call call = Call.of(context);
    return GroupView.of(variables.updateGroup(call.actor(), id, body.wish()), call);
  }

  @PUT
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public GroupView replace(
      @Context ContainerRequestContext context, @PathParam("id") String id, GroupChange body) {
    return change(context, id, body);
  }

  @DELETE
  @Path("{id}")
  @Answers(status = 204)
  public Response delete(@Context ContainerRequestContext context, @PathParam("id") String id) {
    variables.deleteGroup(Call.of(context).actor(), id);
    return Response.noContent().build();
  }

  /** Makes or replaces one variable. */
  @POST
  @Path("{id}/environment_variable")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = GroupView.class)
  @Takes(required = "name")
  public Response put(
      @Context ContainerRequestContext context, @PathParam("id") String id, VariableBody body) {
    Call call = Call.of(context);
    variables.putInGroup(call.actor(), id, body.given());
    return Response.status(Response.Status.CREATED)
        .entity(GroupView.of(variables.group(call.actor(), id), call))
        .build();
  }

  /** Deletes the variable that the body names. */
  @DELETE
  @Path("{id}/environment_variable")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "name")
  public GroupView remove(
      @Context ContainerRequestContext context,
      @PathParam("id") String id,
      VariableBody.Named body) {
    Call call = Call.of(context);
    variables.removeFromGroup(call.actor(), id, body.text());
    return GroupView.of(variables.group(call.actor(), id), call);
  }

  /** A variable within a new group. */
  public record Value(@Nullable String value, @Nullable Boolean secret) {
    @Override
    public String toString() {
      return "***";
    }
  }

  /** A new group; without an owner it is the caller's. */
  public record GroupBody(
      @Nullable String name,
      @Nullable String owner,
      @Nullable String description,
      @Nullable Map<String, Value> environmentVariables) {
    Variables.Wish wish() {
      return new Variables.Wish(
          Optional.ofNullable(name),
          Optional.ofNullable(owner).map(String::strip).filter(o -> !o.isEmpty()),
          Optional.ofNullable(description));
    }

    List<Variables.Given> given() {
      return Optional.ofNullable(environmentVariables).orElse(Map.of()).entrySet().stream()
          .map(
              e ->
                  new Variables.Given(
                      e.getKey(),
                      Secret.of(Optional.ofNullable(e.getValue().value()).orElse("")),
                      Boolean.TRUE.equals(e.getValue().secret())))
          .toList();
    }
  }

  /** What may change of a group. */
  public record GroupChange(@Nullable String name, @Nullable String description) {
    Variables.Wish wish() {
      return new Variables.Wish(
          Optional.ofNullable(name), Optional.empty(), Optional.ofNullable(description));
    }
  }

  /** A group as clients see it. */
  public record GroupView(
      @Format("uuid") String id,
      String name,
      String description,
      OwnerPath.OwnerView owner,
      Map<String, VariableJson> environmentVariables,
      Instant ctime,
      Instant mtime,
      @Format("uri") String url) {
    static GroupView of(Variables.Group view, Call call) {
      VariableGroup group = view.group();
      return new GroupView(
          group.id().toString(),
          group.name(),
          group.description(),
          OwnerPath.OwnerView.of(view.owner()),
          VariableJson.of(view.variables()),
          group.createdAt(),
          group.modifiedAt(),
          call.url("/api/v0/environment-variable-groups/" + group.id() + "/"));
    }
  }
}
