package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Query;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Workers;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** The machines that joined, for administrators. */
@Component(service = WorkersResource.class)
@JakartarsResource
@Path("/api/v0/workers")
@Produces(MediaType.APPLICATION_JSON)
public final class WorkersResource {
  private final Workers workers;

  @Activate
  public WorkersResource(@Reference Workers workers) {
    this.workers = workers;
  }

  @GET
  @Query("environment")
  public Call.Page<WorkerView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(
        workers.list(call.actor(), call.query("environment"), call.slice()),
        view -> WorkerView.of(view, call));
  }

  @GET
  @Path("{id}")
  public WorkerView find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return WorkerView.of(workers.find(call.actor(), parse(id)), call);
  }

  /** A worker that drains ends the runs that it has and takes no more. */
  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Takes(required = "draining")
  public WorkerView change(
      @Context ContainerRequestContext context, @PathParam("id") String id, WorkerBody body) {
    Call call = Call.of(context);
    if (body.draining() == null) {
      throw Invalid.field("draining", "Give true or false", "required");
    }
    return WorkerView.of(workers.drain(call.actor(), parse(id), body.draining()), call);
  }

  /** Its credential is refused from now on. One that has runs needs {@code force=true}. */
  @DELETE
  @Path("{id}")
  @Query(value = "force", kind = Query.Kind.FLAG)
  @Answers(status = 204)
  public Response remove(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    workers.remove(call.actor(), parse(id), call.flag("force").orElse(false));
    return Response.noContent().build();
  }

  private static WorkerId parse(String id) {
    try {
      return WorkerId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Worker");
    }
  }

  /** What may be set of a worker. */
  public record WorkerBody(@Nullable Boolean draining) {}

  /**
   * A worker.
   *
   * @param environment slug of the group that it joined
   * @param paused why it takes no runs now, in its own words
   * @param trouble what else is wrong with it, in its own words
   * @param runs executions that it runs, or whose outputs it still uploads
   * @param node what its provider was asked for it by; null for a machine of one's own
   */
  public record WorkerView(
      @Format("uuid") String id,
      String name,
      String environment,
      @Format(words = {"ready", "silent", "draining", "paused"}) String state,
      boolean draining,
      Optional<String> paused,
      Optional<String> trouble,
      int slots,
      int runs,
      List<String> runtimes,
      double cpus,
      long memoryMib,
      List<String> gpus,
      String release,
      String os,
      String arch,
      Optional<String> node,
      Instant ctime,
      Instant lastSeen,
      @Format("uri") String url) {
    static WorkerView of(Workers.View view, Call call) {
      Worker w = view.worker();
      return new WorkerView(
          w.id().toString(),
          w.name(),
          view.environment().slug(),
          view.state().name().toLowerCase(Locale.ROOT),
          w.draining(),
          w.paused(),
          w.trouble(),
          w.slots(),
          view.runs(),
          w.runtimes(),
          w.cpus(),
          w.memoryMiB(),
          w.gpus(),
          w.release(),
          w.os(),
          w.arch(),
          w.nodeKey(),
          w.registeredAt(),
          w.lastSeenAt(),
          call.url("/api/v0/workers/" + w.id() + "/"));
    }
  }
}
