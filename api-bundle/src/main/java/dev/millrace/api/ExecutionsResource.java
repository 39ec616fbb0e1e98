package dev.millrace.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Items;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Header;
import dev.millrace.api.openapi.Query;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.service.Data;
import dev.millrace.engine.service.DatumView;
import dev.millrace.engine.service.ExecutionView;
import dev.millrace.engine.service.Executions;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.LogPage;
import dev.millrace.engine.service.Submission;
import dev.millrace.engine.service.Submissions;
import dev.millrace.engine.store.ExecutionFilter;
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
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/**
 * Executions. In paths one is named by its id, by {@code {project}:{counter}} or {@code
 * {project}:latest}.
 */
@Component(service = ExecutionsResource.class)
@JakartarsResource
@Path("/api/v0/executions")
@Produces(MediaType.APPLICATION_JSON)
public final class ExecutionsResource {
  /** Fields that a client may leave out. */
  private static final Set<String> HEAVY = Set.of("outputs", "metadata", "events", "tags");

  private final Executions executions;
  private final Submissions submissions;
  private final Data data;

  @Activate
  public ExecutionsResource(
      @Reference Executions executions, @Reference Submissions submissions, @Reference Data data) {
    this.executions = executions;
    this.submissions = submissions;
    this.data = data;
  }

  /**
   * Makes an execution. Sent again within a day under the same {@code Idempotency-Key}, it answers
   * the one made first.
   */
  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = ExecutionJson.class)
  @Header(value = "Idempotency-Key", pattern = "^[ -~]{1,255}$")
  @Takes(
      value = SubmissionForm.class,
      required = {"project", "commit", "step"})
  public Response submit(@Context ContainerRequestContext context, ObjectNode body) {
    Call call = Call.of(context);
    Submission asked = SubmissionBody.read(body);
    ExecutionView made =
        call.idempotencyKey(body.toString())
            .map(key -> submissions.submit(call.actor(), asked, key))
            .orElseGet(() -> submissions.submit(call.actor(), asked));
    return Response.status(Response.Status.CREATED).entity(ExecutionJson.of(made, call)).build();
  }

  @GET
  @Query(value = "project", kind = Query.Kind.ID)
  @Query(value = "status", many = true)
  @Query(value = "counter", kind = Query.Kind.NUMBER, many = true)
  @Query("creator")
  @Query("step")
  @Query("task")
  @Query(value = "deleted", kind = Query.Kind.FLAG)
  @Query("ordering")
  public Call.Page<ExecutionJson> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    Optional<OwnerId> creator = creator(call);
    Set<ExecutionStatus> statuses = statuses(call);
    Set<Integer> counters = counters(call);
    boolean nobody = call.query("creator").isPresent() && creator.isEmpty();
    boolean nothing =
        (!call.queryAll("status").isEmpty() && statuses.isEmpty())
            || (!call.queryAll("counter").isEmpty() && counters.isEmpty());
    // No execution belongs to a task yet.
    if (nobody || nothing || call.query("task").isPresent()) {
      return call.page(new Rows<ExecutionView>(List.of(), 0), view -> ExecutionJson.of(view, call));
    }
    ExecutionFilter filter =
        new ExecutionFilter(
            call.query("project").map(text -> Ids.project("project", text)),
            statuses,
            counters,
            creator,
            call.query("step"),
            Optional.empty(),
            Optional.of(call.flag("deleted").orElse(false)),
            order(call.query("ordering").orElse("-ctime")));
    return call.page(
        executions.list(call.actor(), filter, call.slice()), view -> ExecutionJson.of(view, call));
  }

  /** {@code exclude} leaves out heavy fields, which are then not even read. */
  @GET
  @Path("{name}")
  @Answers(
      value = ExecutionDetailJson.class,
      optional = {"outputs", "n_outputs", "cumulative_metadata", "tags"})
  @Query("exclude")
  public Response find(@Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    Set<String> exclude = call.names("exclude");
    exclude.retainAll(HEAVY);
    ExecutionView.Detail detail =
        executions.find(
            call.actor(), name, !exclude.contains("outputs"), !exclude.contains("metadata"));
    return Response.ok(new DetailAnswer(detail, call, exclude)).build();
  }

  @DELETE
  @Path("{name}")
  public Map<String, Boolean> delete(
      @Context ContainerRequestContext context, @PathParam("name") String name) {
    executions.delete(Call.of(context).actor(), name);
    return Map.of("ok", true);
  }

  /** Asks for its end; an ended one stays as it is. */
  @POST
  @Path("{name}/stop")
  public Message stop(@Context ContainerRequestContext context, @PathParam("name") String name) {
    executions.stop(Call.of(context).actor(), name);
    return new Message("OK");
  }

  /** Adds tags. */
  @POST
  @Path("{name}/tags")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "tags")
  public Tags tag(
      @Context ContainerRequestContext context, @PathParam("name") String name, Tags body) {
    List<String> wanted =
        Optional.ofNullable(body.tags())
            .orElseThrow(() -> Invalid.field("tags", "This field is required", "required"));
    return new Tags(executions.tag(Call.of(context).actor(), name, wanted).execution().tags());
  }

  /** A bare array, unlike other lists; {@code include=download_url} adds signed addresses. */
  @GET
  @Path("{name}/outputs")
  @Query("include")
  public Items<DatumJson> outputs(
      @Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    boolean addresses = call.names("include").contains("download_url");
    return call.items(
        executions.outputs(call.actor(), name),
        view -> DatumJson.of(view, call, addresses ? address(call, view) : null));
  }

  private @Nullable String address(Call call, DatumView view) {
    return view.datum().purgedAt().isPresent()
        ? null
        : data.download(call.actor(), view.datum().id().toString(), call.url(""));
  }

  /** The same lines as {@code events}, as another public client asks for them. */
  @GET
  @Path("{name}/logs")
  @Answers(LogAnswer.Logs.class)
  @Query(value = "limit", kind = Query.Kind.NUMBER)
  public Response logs(@Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    int limit = call.number("limit").orElse(LogAnswer.DEFAULT_LIMIT);
    LogPage page = executions.events(call.actor(), name, limit);
    return Response.ok(new LogAnswer(page, "logs", limit)).build();
  }

  /**
   * The last {@code limit} log lines, by default 2000; all for 0. With {@code Accept:
   * text/event-stream} all of them are streamed, and those to come.
   */
  @GET
  @Path("{name}/events")
  @Answers(LogAnswer.Events.class)
  @Answers(media = "text/event-stream")
  @Answers(status = 204)
  @Query(value = "limit", kind = Query.Kind.NUMBER)
  public Response events(@Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    int limit = call.number("limit").orElse(LogAnswer.DEFAULT_LIMIT);
    LogPage page = executions.events(call.actor(), name, limit);
    return Response.ok(new LogAnswer(page, "events", limit)).build();
  }

  /** What worker and master said of the run; {@code limit} means the first ones. */
  @GET
  @Path("{name}/status-events")
  @Answers(LogAnswer.StatusEvents.class)
  @Query(value = "limit", kind = Query.Kind.NUMBER)
  public Response statusEvents(
      @Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    return Response.ok(
            LogAnswer.first(
                executions.statusEvents(call.actor(), name),
                "status_events",
                call.number("limit").orElse(0)))
        .build();
  }

  private static Set<ExecutionStatus> statuses(Call call) {
    Set<ExecutionStatus> statuses = EnumSet.noneOf(ExecutionStatus.class);
    for (String word : call.queryAll("status")) {
      if (word.equals("incomplete")) {
        EnumSet.allOf(ExecutionStatus.class).stream()
            .filter(status -> !status.terminal())
            .forEach(statuses::add);
      }
      for (ExecutionStatus status : ExecutionStatus.values()) {
        if (status.word().equals(word.toLowerCase(Locale.ROOT))) {
          statuses.add(status);
        }
      }
    }
    return statuses;
  }

  private static Set<Integer> counters(Call call) {
    Set<Integer> counters = new HashSet<>();
    for (String text : call.queryAll("counter")) {
      try {
        counters.add(Integer.parseInt(text));
      } catch (NumberFormatException e) {
        throw Invalid.field("counter", "Give whole numbers", "invalid");
      }
    }
    return counters;
  }

  /** Empty for what is no user's number: clients without a login send a placeholder. */
  private static Optional<OwnerId> creator(Call call) {
    return call.query("creator")
        .flatMap(
            text -> {
              try {
                return Optional.of(new OwnerId(Integer.parseInt(text)));
              } catch (NumberFormatException e) {
                return Optional.empty();
              }
            });
  }

  private static ExecutionFilter.Order order(String text) {
    return switch (text) {
      case "counter" -> ExecutionFilter.Order.COUNTER;
      case "-counter" -> ExecutionFilter.Order.COUNTER_DESC;
      case "ctime" -> ExecutionFilter.Order.CREATED;
      default -> ExecutionFilter.Order.CREATED_DESC;
    };
  }

  /** What came of it. */
  public record Message(String message) {}

  /** Tags to add, or those that there are. */
  public record Tags(List<String> tags) {}
}
