package dev.millrace.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Query;
import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.service.AuditLog;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Who changed what, for administrators. */
@Component(service = AuditResource.class)
@JakartarsResource
@Path("/api/v0/audit")
@Produces(MediaType.APPLICATION_JSON)
public final class AuditResource {
  private final AuditLog log;

  @Activate
  public AuditResource(@Reference AuditLog log) {
    this.log = log;
  }

  @GET
  @Query("subject")
  public Call.Page<AuditView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(log.list(call.actor(), call.query("subject"), call.slice()), AuditView::of);
  }

  /** One entry; {@code before} and {@code after} are JSON objects. */
  public record AuditView(
      @Format("uuid") String id,
      Instant time,
      Optional<Integer> actor,
      @Format("uuid") Optional<String> token,
      String address,
      String action,
      String subject,
      @JsonRawValue String before,
      @JsonRawValue String after) {
    static AuditView of(AuditEntry entry) {
      return new AuditView(
          entry.id().toString(),
          entry.at(),
          entry.actor().map(OwnerId::value),
          entry.token().map(t -> t.toString()),
          entry.address(),
          entry.action(),
          entry.subject(),
          entry.before(),
          entry.after());
    }
  }
}
