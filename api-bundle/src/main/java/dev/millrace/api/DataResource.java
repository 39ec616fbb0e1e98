package dev.millrace.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Json;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Query;
import dev.millrace.api.openapi.Takes;
import dev.millrace.engine.service.Data;
import dev.millrace.engine.service.DataMetadata;
import dev.millrace.engine.service.DatumView;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.Rows;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Tracked files. */
@Component(service = DataResource.class)
@JakartarsResource
@Path("/api/v0/data")
@Produces(MediaType.APPLICATION_JSON)
public final class DataResource {
  private final Data data;
  private final DataMetadata metadata;
  private final ObjectMapper json = Json.mapper();

  @Activate
  public DataResource(@Reference Data data, @Reference DataMetadata metadata) {
    this.data = data;
    this.metadata = metadata;
  }

  /** Newest first, but in the order of their making where {@code ordering=ctime}. */
  @GET
  @Query(value = "project", kind = Query.Kind.ID)
  @Query(value = "output_execution", kind = Query.Kind.ID)
  @Query(value = "execution", kind = Query.Kind.ID)
  @Query("name")
  @Query(value = "store", kind = Query.Kind.ID)
  @Query("tag")
  @Query("ordering")
  @Query(value = "deleted", kind = Query.Kind.FLAG)
  public Call.Page<DatumJson> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    if (call.flag("deleted").orElse(false)) {
      // Data are purged, not deleted: none is.
      return call.page(new Rows<DatumView>(List.of(), 0), view -> DatumJson.of(view, call, null));
    }
    DatumFilter filter =
        new DatumFilter(
            call.query("project").map(text -> Ids.project("project", text)),
            call.query("output_execution")
                .or(() -> call.query("execution"))
                .map(text -> Ids.execution("output_execution", text)),
            call.query("name"),
            call.query("store").map(text -> Ids.store("store", text)),
            call.query("tag"),
            !call.query("ordering").orElse("-ctime").equals("ctime"));
    return call.page(
        data.list(call.actor(), filter, call.slice()), view -> DatumJson.of(view, call, null));
  }

  @GET
  @Path("{id}")
  @Query("include")
  public DatumJson find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return DatumJson.of(
        data.find(call.actor(), id),
        call,
        call.names("include").contains("download_url")
            ? data.download(call.actor(), id, call.url(""))
            : null);
  }

  /** An address that needs no token and is good for an hour. */
  @GET
  @Path("{id}/{download: download|download_url}")
  public Download download(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    return new Download(data.download(call.actor(), id, call.url("")));
  }

  /** Removes the bytes and keeps the record. */
  @POST
  @Path("{id}/purge")
  public Done purge(@Context ContainerRequestContext context, @PathParam("id") String id) {
    data.purge(Call.of(context).actor(), id);
    return new Done("OK", Optional.of(id));
  }

  /** Where the bytes are. */
  public record Download(@Format("uri") String url) {}

  /** What is known of it beside its bytes. */
  @GET
  @Path("{id}/metadata")
  public ObjectNode metadata(@Context ContainerRequestContext context, @PathParam("id") String id) {
    return read(data.find(Call.of(context).actor(), id).datum().metadata());
  }

  /**
   * Lays members over those that are there; null takes one away. {@code valohai.tags} adds tags,
   * {@code valohai.alias} makes or moves aliases.
   */
  @POST
  @Path("{id}/metadata")
  @Consumes(MediaType.APPLICATION_JSON)
  public DatumJson describe(
      @Context ContainerRequestContext context, @PathParam("id") String id, ObjectNode body) {
    Call call = Call.of(context);
    metadata.apply(call.actor(), Map.of(id, body), "");
    return DatumJson.of(data.find(call.actor(), id), call, null);
  }

  /** The same for several files, all or none. */
  @POST
  @Path("metadata/apply")
  @Consumes(MediaType.APPLICATION_JSON)
  @Takes(required = "datum_metadata")
  public Applied apply(@Context ContainerRequestContext context, MetadataBody body) {
    Map<String, ObjectNode> wanted =
        Optional.ofNullable(body.datumMetadata())
            .orElseThrow(
                () -> Invalid.field("datum_metadata", "This field is required", "required"));
    metadata.apply(Call.of(context).actor(), wanted, "datum_metadata");
    return new Applied(true, wanted.size());
  }

  private ObjectNode read(String text) {
    try {
      return text.isBlank() ? json.createObjectNode() : (ObjectNode) json.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the metadata of a file is no JSON object", e);
    }
  }

  /** Id of a file to members. */
  public record MetadataBody(@Nullable Map<String, ObjectNode> datumMetadata) {}

  /** How many files were changed. */
  public record Applied(boolean ok, int count) {}

  /** That it was done. */
  public record Done(String message, @Format("uuid") Optional<String> id) {}
}
