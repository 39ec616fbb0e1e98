package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Answers;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.service.Environments;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.JoinTokens;
import jakarta.ws.rs.Consumes;
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
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Environments, which are worker groups. */
@Component(service = EnvironmentsResource.class)
@JakartarsResource
@Path("/api/v0/environments")
@Produces(MediaType.APPLICATION_JSON)
public final class EnvironmentsResource {
  private final Environments environments;
  private final JoinTokens joinTokens;

  @Activate
  public EnvironmentsResource(
      @Reference Environments environments, @Reference JoinTokens joinTokens) {
    this.environments = environments;
    this.joinTokens = joinTokens;
  }

  @GET
  public Call.Page<EnvironmentView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(
        environments.list(call.actor(), call.slice()), e -> EnvironmentView.of(e, call));
  }

  @POST
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = EnvironmentView.class)
  @Takes(required = "slug")
  public Response make(@Context ContainerRequestContext context, EnvironmentBody body) {
    Call call = Call.of(context);
    Environments.View made = environments.make(call.actor(), body.wish());
    return Response.status(Response.Status.CREATED).entity(EnvironmentView.of(made, call)).build();
  }

  @GET
  @Path("{id}")
  public EnvironmentView find(
      @Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return EnvironmentView.of(environments.find(call.actor(), id), call);
  }

  @PATCH
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public EnvironmentView change(
      @Context ContainerRequestContext context, @PathParam("id") String id, EnvironmentBody body) {
    Call call = Call.of(context);
    return EnvironmentView.of(environments.update(call.actor(), id, body.wish()), call);
  }

  @PUT
  @Path("{id}")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  public EnvironmentView replace(
      @Context ContainerRequestContext context, @PathParam("id") String id, EnvironmentBody body) {
    return change(context, id, body);
  }

  /** A token with which one worker joins the environment; its text is shown this once. */
  @POST
  @Path("{id}/join_tokens")
  @Consumes({MediaType.APPLICATION_JSON, MediaType.APPLICATION_FORM_URLENCODED})
  @Answers(status = 201, value = JoinTokenView.class)
  public Response joinToken(
      @Context ContainerRequestContext context, @PathParam("id") String id, NewJoinToken body) {
    Duration life =
        Optional.ofNullable(body.expiresIn()).map(Duration::ofSeconds).orElse(JoinToken.LIFE);
    JoinTokens.Issued issued = joinTokens.issue(Call.of(context).actor(), id, life);
    return Response.status(Response.Status.CREATED)
        .entity(
            new JoinTokenView(
                issued.environment().slug(),
                issued.text().reveal(),
                issued.line().reveal(),
                issued.expiresAt()))
        .build();
  }

  /**
   * A request for a join token.
   *
   * @param expiresIn seconds, at most an hour; absent: an hour
   */
  public record NewJoinToken(@Nullable Long expiresIn) {}

  /**
   * A new join token with its text, once.
   *
   * @param line what a person types into a shell of the machine that shall join
   */
  public record JoinTokenView(String environment, String token, String line, Instant expires) {
    @Override
    public String toString() {
      return "JoinTokenView[" + environment + ", ***]";
    }
  }

  /**
   * What may be set of an environment. An empty owner shares it; an empty provider never scales it.
   */
  public record EnvironmentBody(
      @Nullable String slug,
      @Nullable String name,
      @Nullable String owner,
      @Nullable String description,
      @Nullable Boolean enabled,
      @Nullable String provider,
      @Nullable String machineType,
      @Nullable Integer slots,
      @Nullable Integer scaleMin,
      @Nullable Integer scaleMax,
      @Nullable Integer scaleDownGracePeriod,
      @Nullable String runtime,
      @Nullable BigDecimal perHourPriceUsd,
      @Nullable List<String> allowedMounts) {
    Environments.Wish wish() {
      return new Environments.Wish(
          Optional.ofNullable(slug),
          Optional.ofNullable(name),
          Optional.ofNullable(owner),
          Optional.ofNullable(description),
          Optional.ofNullable(enabled),
          Optional.ofNullable(provider),
          Optional.ofNullable(machineType),
          Optional.ofNullable(slots),
          Optional.ofNullable(scaleMin),
          Optional.ofNullable(scaleMax),
          Optional.ofNullable(scaleDownGracePeriod),
          Optional.ofNullable(runtime).map(EnvironmentBody::parse),
          Optional.ofNullable(perHourPriceUsd),
          Optional.ofNullable(allowedMounts));
    }

    private static Environment.Runtime parse(String text) {
      try {
        return Environment.Runtime.valueOf(text.toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw Invalid.field("runtime", "Give auto, docker or process", "invalid_choice");
      }
    }
  }

  /** An environment as clients see it. */
  public record EnvironmentView(
      @Format("uuid") String id,
      String name,
      String slug,
      String description,
      @Format(words = "vm") String type,
      boolean enabled,
      boolean hasGpu,
      String gpuSpec,
      boolean isScalable,
      int scaleMin,
      int scaleMax,
      int scaleDownGracePeriod,
      boolean spot,
      Optional<String> perHourPriceUsd,
      int perUserQueueQuota,
      boolean supportsPriority,
      boolean allowPersonalUsage,
      Optional<OwnerPath.OwnerView> owner,
      Optional<String> provider,
      String machineType,
      int slots,
      @Format(words = {"auto", "docker", "process"}) String runtime,
      List<String> allowedMounts,
      long unfinishedJobCount,
      @Format(words = {"ready", "disabled", "missing"}) String state,
      String stateReason,
      Instant ctime,
      Instant mtime,
      @Format("uri") String url) {
    static EnvironmentView of(Environments.View view, Call call) {
      Environment e = view.environment();
      return new EnvironmentView(
          e.id().toString(),
          e.name(),
          e.slug(),
          e.description(),
          "vm",
          e.enabled(),
          false,
          "",
          e.provider().isPresent(),
          e.scaleMin(),
          e.scaleMax(),
          e.scaleDownGraceMinutes(),
          false,
          e.perHourPriceUsd().map(BigDecimal::toPlainString),
          0,
          true,
          true,
          view.owner().map(OwnerPath.OwnerView::of),
          e.provider(),
          e.machineType(),
          e.slots(),
          e.runtime().name().toLowerCase(Locale.ROOT),
          e.allowedMounts(),
          view.unfinished(),
          view.state().name().toLowerCase(Locale.ROOT),
          view.reason(),
          e.createdAt(),
          e.modifiedAt(),
          call.url("/api/v0/environments/" + e.id() + "/"));
    }
  }
}
