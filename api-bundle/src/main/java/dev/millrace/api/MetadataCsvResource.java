package dev.millrace.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Json;
import dev.millrace.api.openapi.Answers;
import dev.millrace.engine.service.Executions;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Metadata of several executions as one table; scripts send the ids in a body, even with GET. */
@Component(service = MetadataCsvResource.class)
@JakartarsResource
@Path("/api/v0/executions/multi_download_metadata_csv")
@Consumes(MediaType.APPLICATION_JSON)
public final class MetadataCsvResource {
  private final Executions executions;
  private final ObjectMapper json = Json.mapper();

  @Activate
  public MetadataCsvResource(@Reference Executions executions) {
    this.executions = executions;
  }

  @GET
  @Answers(media = "text/csv")
  public Response get(@Context ContainerRequestContext context, @Nullable Wanted body)
      throws IOException {
    return post(context, body);
  }

  @POST
  @Answers(media = "text/csv")
  public Response post(@Context ContainerRequestContext context, @Nullable Wanted body)
      throws IOException {
    Call call = Call.of(context);
    List<String> ids = Optional.ofNullable(body).map(Wanted::ids).orElse(List.of());
    return Response.ok(new MetadataCsv(executions, call.actor(), ids, json), "text/csv")
        .header("Content-Disposition", "attachment; filename=\"metadata.csv\"")
        .build();
  }

  /** Which executions. */
  public record Wanted(@Nullable List<String> ids) {}
}
