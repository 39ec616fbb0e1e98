package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.Teams;
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
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Teams within organisations. */
@Component(service = TeamsResource.class)
@JakartarsResource
@Path("/api/v0/teams")
@Produces(MediaType.APPLICATION_JSON)
public final class TeamsResource {
  private final Teams teams;

  @Activate
  public TeamsResource(@Reference Teams teams) {
    this.teams = teams;
  }

  @GET
  public Call.Page<TeamView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(teams.list(call.actor(), call.slice()), t -> TeamView.of(t, call));
  }

  /** Names the organisation by its number, as public clients read it here. */
  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = MadeView.class)
  @Takes(required = {"name", "organization"})
  public Response make(@Context ContainerRequestContext context, TeamBody body) {
    Call call = Call.of(context);
    Integer organization = body.organization();
    if (organization == null) {
      throw Invalid.field("organization", "This field is required", "required");
    }
    Teams.View made = teams.make(call.actor(), new OwnerId(organization), body.wish());
    return Response.status(Response.Status.CREATED).entity(MadeView.of(made, call)).build();
  }

  @GET
  @Path("{id}")
  public TeamView find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return TeamView.of(teams.find(call.actor(), OwnerPath.parse(id, "Team")), call);
  }

  /** Lists that are given replace those that are there. */
  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public TeamView change(
      @Context ContainerRequestContext context, @PathParam("id") String id, TeamChange body) {
    Call call = Call.of(context);
    return TeamView.of(teams.update(call.actor(), OwnerPath.parse(id, "Team"), body.wish()), call);
  }

  @PUT
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public TeamView replace(
      @Context ContainerRequestContext context, @PathParam("id") String id, TeamChange body) {
    return change(context, id, body);
  }

  @DELETE
  @Path("{id}")
  @Answers(status = 204)
  public Response delete(@Context ContainerRequestContext context, @PathParam("id") String id) {
    teams.delete(Call.of(context).actor(), OwnerPath.parse(id, "Team"));
    return Response.noContent().build();
  }

  /** Adds a member or changes what they may do. */
  @POST
  @Path("{id}/members")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = TeamView.class)
  @Takes(required = "user")
  public Response put(
      @Context ContainerRequestContext context, @PathParam("id") String id, SeatBody body) {
    Call call = Call.of(context);
    Teams.View view = teams.put(call.actor(), OwnerPath.parse(id, "Team"), body.seat("user"));
    return Response.status(Response.Status.CREATED).entity(TeamView.of(view, call)).build();
  }

  @DELETE
  @Path("{id}/members/{user}")
  @Answers(status = 204)
  public Response remove(
      @Context ContainerRequestContext context,
      @PathParam("id") String id,
      @PathParam("user") String user) {
    teams.remove(
        Call.of(context).actor(), OwnerPath.parse(id, "Team"), OwnerPath.parse(user, "Member"));
    return Response.noContent().build();
  }

  /** A member by number. */
  public record SeatBody(
      @Nullable Integer user,
      @Nullable Boolean allowProjectAdministration,
      @Nullable Boolean isReadOnly) {
    Teams.Seat seat(String field) {
      if (user == null) {
        throw Invalid.field(field, "Give the number of a user", "required");
      }
      return new Teams.Seat(
          new OwnerId(user),
          Boolean.TRUE.equals(allowProjectAdministration),
          Boolean.TRUE.equals(isReadOnly));
    }
  }

  /** A new team; {@code projects} are ids of projects that are given to it. */
  public record TeamBody(
      @Nullable String name,
      @Nullable Integer organization,
      @Nullable List<SeatBody> members,
      @Nullable List<String> projects) {
    Teams.Wish wish() {
      return new TeamChange(name, members, projects).wish();
    }
  }

  /** What may change of a team. */
  public record TeamChange(
      @Nullable String name, @Nullable List<SeatBody> members, @Nullable List<String> projects) {
    Teams.Wish wish() {
      return new Teams.Wish(
          Optional.ofNullable(name),
          Optional.ofNullable(members).map(m -> m.stream().map(s -> s.seat("members")).toList()),
          Optional.ofNullable(projects).map(TeamChange::ids));
    }

    private static List<ProjectId> ids(List<String> projects) {
      return projects.stream().map(text -> Ids.project("projects", text)).toList();
    }
  }

  /** What making a team answers. */
  public record MadeView(int id, String name, int organization, @Format("uri") String url) {
    static MadeView of(Teams.View view, Call call) {
      return new MadeView(
          view.team().id().value(),
          view.team().shortName(),
          view.organization().id().value(),
          url(view, call));
    }

    static String url(Teams.View view, Call call) {
      return call.url("/api/v0/teams/" + view.team().id() + "/");
    }
  }

  /** A member as clients see them. */
  public record SeatView(
      OwnerPath.OwnerView user,
      Instant ctime,
      boolean allowProjectAdministration,
      boolean isReadOnly) {
    static SeatView of(Teams.Member member) {
      return new SeatView(
          OwnerPath.OwnerView.of(member.user()),
          member.seat().since(),
          member.seat().projectAdministration(),
          member.seat().readOnly());
    }
  }

  /** A team as clients see it; {@code owner} is its owner string. */
  public record TeamView(
      int id,
      String name,
      String owner,
      OwnerPath.OwnerView organization,
      List<SeatView> members,
      List<String> projects,
      Instant ctime,
      @Format("uri") String url) {
    static TeamView of(Teams.View view, Call call) {
      return new TeamView(
          view.team().id().value(),
          view.team().shortName(),
          view.team().name(),
          OwnerPath.OwnerView.of(view.organization()),
          view.members().stream().map(SeatView::of).toList(),
          view.projects().stream().map(ProjectId::toString).toList(),
          view.team().createdAt(),
          MadeView.url(view, call));
    }
  }
}
