package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.api.openapi.Query;
import dev.millrace.engine.service.Data;
import dev.millrace.engine.service.DatumView;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.Rows;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.Optional;
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

  @Activate
  public DataResource(@Reference Data data) {
    this.data = data;
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

  /** That it was done. */
  public record Done(String message, @Format("uuid") Optional<String> id) {}
}
