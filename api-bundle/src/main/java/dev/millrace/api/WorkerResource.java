package dev.millrace.api;

import dev.millrace.api.http.Open;
import dev.millrace.engine.dispatch.Claims;
import dev.millrace.engine.dispatch.Leases;
import dev.millrace.engine.dispatch.Messages;
import dev.millrace.engine.dispatch.Outputs;
import dev.millrace.engine.dispatch.Refused;
import dev.millrace.engine.dispatch.Registrations;
import dev.millrace.engine.dispatch.Reports;
import dev.millrace.engine.dispatch.Wakes;
import dev.millrace.engine.dispatch.Wire;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Worker;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.Suspended;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** The worker wire, version 1: docs/wire/README.md. */
@Component(service = WorkerResource.class)
@JakartarsResource
@Path("/worker/v1")
@Produces(MediaType.APPLICATION_JSON)
@Open
public final class WorkerResource {
  private static final String CREDENTIAL = "Authorization";
  private static final String LOG_TIMES = "Millrace-Log-Times";
  private static final String LEASE = "Millrace-Lease";

  private final Registrations registrations;
  private final Claims claims;
  private final Wakes wakes;
  private final Leases leases;
  private final Reports reports;
  private final Outputs outputs;

  @Activate
  public WorkerResource(
      @Reference Registrations registrations,
      @Reference Claims claims,
      @Reference Wakes wakes,
      @Reference Leases leases,
      @Reference Reports reports,
      @Reference Outputs outputs) {
    this.registrations = registrations;
    this.claims = claims;
    this.wakes = wakes;
    this.leases = leases;
    this.reports = reports;
    this.outputs = outputs;
  }

  @POST
  @Path("register")
  public Response register(InputStream body) {
    return Answers.of(() -> registrations.register(Answers.read(body, Messages.Register.class)));
  }

  @POST
  @Path("claim")
  public void claim(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      InputStream body,
      @Suspended AsyncResponse later) {
    try {
      Worker worker = worker(credential);
      Messages.Claim claim = Answers.read(body, Messages.Claim.class);
      claims.claim(worker, claim.freeSlots(), offer -> later.resume(answer(offer)));
    } catch (Refused e) {
      later.resume(Answers.of(e));
    }
  }

  @POST
  @Path("wake")
  public void wake(
      @HeaderParam(CREDENTIAL) @Nullable String credential, @Suspended AsyncResponse later) {
    try {
      wakes.await(worker(credential), beat -> later.resume(woken(beat)));
    } catch (Refused e) {
      later.resume(Answers.of(e));
    }
  }

  @POST
  @Path("offers/{id}/accept")
  public Response accept(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.of(
        () -> {
          String token = Answers.read(body, Messages.Accept.class).token();
          return leases.accept(worker(credential), execution(id), token == null ? "" : token);
        });
  }

  @POST
  @Path("beat")
  public Response beat(@HeaderParam(CREDENTIAL) @Nullable String credential, InputStream body) {
    return Answers.of(
        () -> leases.beat(worker(credential), Answers.read(body, Messages.Beat.class)));
  }

  @POST
  @Path("executions/{id}/log")
  public Response log(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      @QueryParam("stream") @Nullable String stream,
      @QueryParam("offset") @Nullable String offset,
      @QueryParam("time") @Nullable String time,
      @HeaderParam(LOG_TIMES) @Nullable String times,
      InputStream body) {
    return Answers.of(
        () ->
            reports.log(
                worker(credential),
                execution(id),
                lease,
                stream == null ? "" : stream,
                new Reports.Chunk(
                    Answers.number("offset", offset),
                    Answers.number("time", time),
                    times,
                    Answers.bytes(body, Reports.MAX_CHUNK))));
  }

  @POST
  @Path("executions/{id}/metadata")
  public Response metadata(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.of(
        () ->
            reports.metadata(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.Metadata.class)));
  }

  @POST
  @Path("executions/{id}/status-detail")
  public Response statusDetail(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.done(
        () ->
            reports.statusDetail(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.StatusDetail.class)));
  }

  @POST
  @Path("executions/{id}/transfers")
  public Response transfers(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.of(
        () ->
            leases.transfers(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.TransfersWanted.class)));
  }

  @POST
  @Path("executions/{id}/uploads")
  public Response uploads(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.of(
        () ->
            outputs.uploads(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.Uploads.class)));
  }

  @POST
  @Path("executions/{id}/outputs")
  public Response outputs(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.of(
        () ->
            outputs.outputs(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.Outputs.class)));
  }

  @POST
  @Path("executions/{id}/ended")
  public Response ended(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.done(
        () ->
            reports.ended(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.Ended.class)));
  }

  @POST
  @Path("executions/{id}/settled")
  public Response settled(
      @HeaderParam(CREDENTIAL) @Nullable String credential,
      @HeaderParam(LEASE) @Nullable String lease,
      @PathParam("id") String id,
      InputStream body) {
    return Answers.done(
        () ->
            reports.settled(
                worker(credential),
                execution(id),
                lease,
                Answers.read(body, Messages.Settled.class)));
  }

  private Worker worker(@Nullable String credential) {
    String scheme = "Bearer ";
    return registrations.authenticate(
        credential != null && credential.regionMatches(true, 0, scheme, 0, scheme.length())
            ? credential.substring(scheme.length()).trim()
            : null);
  }

  private static ExecutionId execution(String id) {
    try {
      return ExecutionId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new Refused(410, "lease_gone", "There is no such run.");
    }
  }

  private static Response woken(boolean beat) {
    return beat
        ? Response.ok(Wire.write(new Messages.Woken(true)), MediaType.APPLICATION_JSON_TYPE).build()
        : Response.noContent().build();
  }

  private static Response answer(Optional<Messages.Claimed> offer) {
    return offer
        .map(claimed -> Response.ok(Wire.write(claimed), MediaType.APPLICATION_JSON_TYPE).build())
        .orElseGet(() -> Response.noContent().build());
  }
}
