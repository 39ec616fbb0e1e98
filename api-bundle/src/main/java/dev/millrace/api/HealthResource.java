package dev.millrace.api;

import dev.millrace.api.http.Open;
import dev.millrace.api.openapi.Answers;
import dev.millrace.engine.service.Readiness;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** For those who watch the master: does it live, is it ready. */
@Component(service = HealthResource.class)
@JakartarsResource
@Path("/")
@Produces(MediaType.APPLICATION_JSON)
@Open
public final class HealthResource {
  private final Routes routes;
  private volatile Optional<Readiness> readiness = Optional.empty();

  @Activate
  public HealthResource(@Reference Routes routes) {
    this.routes = routes;
  }

  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  void setReadiness(Readiness service) {
    readiness = Optional.of(service);
  }

  void unsetReadiness(Readiness service) {
    if (readiness.filter(r -> r == service).isPresent()) {
      readiness = Optional.empty();
    }
  }

  @GET
  @Path("live")
  public Map<String, String> live() {
    return Map.of("status", "live");
  }

  /**
   * 200 once database, queue and store have answered and every resource of the API is served; else
   * 503 with what is not so and why.
   */
  @GET
  @Path("ready")
  @Answers(ReadyView.class)
  @Answers(status = 503, value = ReadyView.class)
  public Response ready() {
    Map<String, Optional<String>> checks =
        new LinkedHashMap<>(
            readiness
                .map(Readiness::check)
                .orElse(
                    Map.of(
                        "master", Optional.of("it is still starting, or its database is away"))));
    Set<String> missing = routes.missing();
    checks.put(
        "api",
        missing.isEmpty()
            ? Optional.empty()
            : Optional.of("not served yet: " + String.join(", ", missing)));
    Map<String, String> shown = new LinkedHashMap<>();
    checks.forEach((name, reason) -> shown.put(name, reason.orElse("ok")));
    readiness.map(Readiness::notices).ifPresent(shown::putAll);
    boolean good = checks.values().stream().allMatch(Optional::isEmpty);
    return Response.status(good ? 200 : 503)
        .entity(new ReadyView(good ? "ready" : "not ready", shown))
        .build();
  }

  /** What {@code /ready} answers. */
  public record ReadyView(String status, Map<String, String> checks) {}
}
