package dev.millrace.api;

import dev.millrace.api.http.Call;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.service.PluginList;
import dev.millrace.engine.store.Rows;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** What is plugged in, and how it is. */
@Component(service = PluginsResource.class)
@JakartarsResource
@Path("/api/v0/server/plugins")
@Produces(MediaType.APPLICATION_JSON)
public final class PluginsResource {
  private final PluginList plugins;

  @Activate
  public PluginsResource(@Reference PluginList plugins) {
    this.plugins = plugins;
  }

  @GET
  public Call.Page<PluginInfo> list(@Context ContainerRequestContext context) {
    Call call = Call.of(context);
    List<PluginInfo> all = plugins.list(call.actor());
    return call.page(new Rows<>(all, all.size()), p -> p);
  }
}
