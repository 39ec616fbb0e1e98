package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.service.DataStores;
import dev.millrace.engine.service.NotFound;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Places for artifacts. */
@Component(service = StoresResource.class)
@JakartarsResource
@Path("/api/v0/stores")
@Produces(MediaType.APPLICATION_JSON)
public final class StoresResource {
  private final DataStores stores;

  @Activate
  public StoresResource(@Reference DataStores stores) {
    this.stores = stores;
  }

  @GET
  public Call.Page<StoreView> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    return call.page(stores.list(call.actor(), call.slice()), s -> StoreView.of(s, call));
  }

  @GET
  @Path("{id}")
  public StoreView find(@Context ContainerRequestContext context, @PathParam("id") String id) {
    Call call = Call.of(context);
    try {
      return StoreView.of(stores.find(call.actor(), StoreId.parse(id)), call);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Store");
    }
  }

  /** A store as clients see it. */
  public record StoreView(
      @Format("uuid") String id,
      String name,
      String type,
      String accessMode,
      boolean allowRead,
      boolean allowWrite,
      boolean allowUriDownload,
      boolean allowAdopt,
      boolean deleted,
      String uriPrefix,
      Map<String, String> configuration,
      Optional<Integer> owner,
      Instant ctime,
      Instant mtime,
      @Format("uri") String url) {
    static StoreView of(DataStore store, Call call) {
      return new StoreView(
          store.id().toString(),
          store.name(),
          store.type(),
          store.owner().isPresent() ? "owner_organization" : "installation",
          true,
          true,
          false,
          false,
          false,
          store.uriPrefix(),
          Map.of("account", store.plugin()),
          store.owner().map(OwnerId::value),
          store.createdAt(),
          store.modifiedAt(),
          call.url("/api/v0/stores/" + store.id() + "/"));
    }
  }
}
