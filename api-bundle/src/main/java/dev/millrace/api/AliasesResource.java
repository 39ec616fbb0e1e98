package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Query;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.service.Aliases;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.store.Rows;
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

/** Names of files. */
@Component(service = AliasesResource.class)
@JakartarsResource
@Path("/api/v0/datum-aliases")
@Produces(MediaType.APPLICATION_JSON)
public final class AliasesResource {
  private final Aliases aliases;

  @Activate
  public AliasesResource(@Reference Aliases aliases) {
    this.aliases = aliases;
  }

  /** Newest first. */
  @GET
  @Query(value = "project", kind = Query.Kind.ID)
  @Query("name")
  @Query(value = "deleted", kind = Query.Kind.FLAG)
  public Call.Page<AliasView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    if (call.flag("deleted").orElse(false)) {
      // A deleted alias is gone.
      return call.page(new Rows<Aliases.View>(List.of(), 0), view -> AliasView.of(view, call));
    }
    return call.page(
        aliases.list(
            call.actor(),
            call.query("project").map(text -> Ids.project("project", text)),
            call.query("name"),
            call.slice()),
        view -> AliasView.of(view, call));
  }

  /** The alias of that name in the project. */
  @GET
  @Path("resolve")
  @Query("name")
  @Query(value = "project", kind = Query.Kind.ID)
  public AliasView resolve(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return AliasView.of(
        aliases.resolve(
            call.actor(),
            Ids.project("project", required("project", call.query("project"))),
            required("name", call.query("name"))),
        call);
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = AliasView.class)
  @Takes(required = {"project", "name", "datum"})
  public Response make(@Context ContainerRequestContext context, AliasBody body) {
    Call call = Call.of(context);
    Aliases.View made =
        aliases.make(
            call.actor(),
            Ids.project("project", required("project", Optional.ofNullable(body.project()))),
            required("name", Optional.ofNullable(body.name())),
            datum(body.datum()));
    return Response.status(Response.Status.CREATED).entity(AliasView.of(made, call)).build();
  }

  @GET
  @Path("{id}")
  public AliasView find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return AliasView.of(aliases.find(call.actor(), id), call);
  }

  /** Lets it name another file of its project. */
  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "datum")
  public AliasView move(
      @Context ContainerRequestContext context, @PathParam("id") String id, MoveBody body) {
    Call call = Call.of(context);
    return AliasView.of(aliases.move(call.actor(), id, datum(body.datum())), call);
  }

  @PUT
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "datum")
  public AliasView replace(
      @Context ContainerRequestContext context, @PathParam("id") String id, MoveBody body) {
    return move(context, id, body);
  }

  @DELETE
  @Path("{id}")
  @Answers(status = 204)
  public Response delete(@Context ContainerRequestContext context, @PathParam("id") String id) {
    aliases.delete(Call.of(context).actor(), id);
    return Response.noContent().build();
  }

  /** Which files it has named, newest first. */
  @GET
  @Path("{id}/history")
  public Call.Page<MoveView> history(
      @Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return call.page(aliases.moves(call.actor(), id, call.slice()), MoveView::of);
  }

  private static String required(String field, Optional<String> text) {
    return text.map(String::strip)
        .filter(t -> !t.isEmpty())
        .orElseThrow(() -> Invalid.field(field, "This field is required", "required"));
  }

  private static DatumId datum(@Nullable String text) {
    return Ids.datum("datum", required("datum", Optional.ofNullable(text)));
  }

  /** A new alias. */
  public record AliasBody(
      @Format("uuid") @Nullable String project,
      @Nullable String name,
      @Format("uuid") @Nullable String datum) {}

  /** Which file it names from now on. */
  public record MoveBody(@Format("uuid") @Nullable String datum) {}

  /** The file that it names. */
  public record File(
      @Format("uuid") String id,
      String name,
      long size,
      String uri,
      Optional<String> md5,
      Optional<String> sha1,
      Optional<String> sha256) {}

  /** The project that it belongs to. */
  public record ProjectLink(@Format("uuid") String id, @Format("uri") String url) {}

  /** An alias as clients see it. */
  public record AliasView(
      @Format("uuid") String id,
      String name,
      File datum,
      ProjectLink project,
      String uri,
      Instant ctime,
      Instant mtime,
      @Format("uri") String url) {
    static AliasView of(Aliases.View view, Call call) {
      DatumAlias alias = view.alias();
      return new AliasView(
          alias.id().toString(),
          alias.name(),
          new File(
              view.datum().id().toString(),
              view.datum().name(),
              view.datum().bytes(),
              view.datum().uri(),
              view.datum().md5(),
              view.datum().sha1(),
              view.datum().sha256()),
          new ProjectLink(alias.project().toString(), new Urls(call).project(alias.project())),
          "datum://" + alias.name(),
          alias.createdAt(),
          alias.modifiedAt(),
          call.url("/api/v0/datum-aliases/" + alias.id() + "/"));
    }
  }

  /** Since when it named a file; the user is null where a run moved it. */
  public record MoveView(
      long version, @Format("uuid") String datum, Optional<Integer> user, Instant time) {
    static MoveView of(AliasMove move) {
      return new MoveView(
          move.version(), move.datum().toString(), move.user().map(u -> u.value()), move.at());
    }
  }
}
