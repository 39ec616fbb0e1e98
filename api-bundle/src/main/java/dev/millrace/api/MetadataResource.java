package dev.millrace.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Items;
import dev.millrace.api.http.Json;
import dev.millrace.api.openapi.Query;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.service.Executions;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What runs printed as JSON objects. */
@Component(service = MetadataResource.class)
@JakartarsResource
@Path("/api/v0/executions/{name: [^/]+}/metadata")
public final class MetadataResource {
  private final Executions executions;
  private final ObjectMapper json = Json.mapper();

  @Activate
  public MetadataResource(@Reference Executions executions) {
    this.executions = executions;
  }

  /** A bare array of objects, each with the {@code _time} of its line. */
  @GET
  @Produces(MediaType.APPLICATION_JSON)
  @Query(value = "limit", kind = Query.Kind.NUMBER)
  @Query(value = "offset", kind = Query.Kind.NUMBER)
  public Items<JsonNode> metadata(
      @Context ContainerRequestContext context, @PathParam("name") String name) {
    Call call = Call.of(context);
    return call.items(
        executions.metadata(
            call.actor(), name, call.offset(), call.limit().orElse(Integer.MAX_VALUE)),
        this::object);
  }

  private JsonNode object(MetadataLine line) {
    try {
      JsonNode value = json.readTree(line.json());
      if (value instanceof ObjectNode object && !object.has("_time")) {
        object.put("_time", Json.time(line.at()));
      }
      return value;
    } catch (JsonProcessingException e) {
      return json.getNodeFactory().textNode(line.json());
    }
  }
}
