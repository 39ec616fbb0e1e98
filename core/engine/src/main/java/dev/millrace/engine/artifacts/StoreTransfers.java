package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.PluginInfo.Kind;
import dev.millrace.engine.plugins.GuardedStore;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.SignedRequest;
import java.time.Duration;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Transfers by the store's own signature where it has one, else through the relay. */
@Component(service = Transfers.class, immediate = true)
public final class StoreTransfers implements Transfers {
  private final Plugins plugins;
  private final RelayLinks links;

  @Activate
  public StoreTransfers(@Reference Plugins plugins, @Reference RelayLinks links) {
    this.plugins = plugins;
    this.links = links;
  }

  @Override
  public Transfer download(
      DataStore store, String key, Optional<String> fileName, Duration validity, String baseUrl) {
    GuardedStore guarded = guarded(store);
    if (guarded.transfers().isEmpty()) {
      return links.link("GET", store.id(), key, 0, fileName.orElse(""), validity, baseUrl);
    }
    try {
      return transfer(guarded.transfers().get().download(new BlobKey(key), validity));
    } catch (PluginException | PluginMissing e) {
      throw StoreUnavailable.of(store.name(), e);
    }
  }

  @Override
  public Transfer upload(
      DataStore store, String key, long bytes, Duration validity, String baseUrl) {
    GuardedStore guarded = guarded(store);
    if (guarded.transfers().isEmpty()) {
      return links.link("PUT", store.id(), key, bytes, "", validity, baseUrl);
    }
    try {
      return transfer(guarded.transfers().get().upload(new BlobKey(key), validity));
    } catch (PluginException | PluginMissing e) {
      throw StoreUnavailable.of(store.name(), e);
    }
  }

  private GuardedStore guarded(DataStore store) {
    return plugins
        .store(store.plugin())
        .orElseThrow(
            () ->
                new StoreUnavailable(
                    String.valueOf(plugins.missing(Kind.STORE, store.plugin()).getMessage())));
  }

  private static Transfer transfer(SignedRequest request) {
    return new Transfer(
        request.method(), request.uri().toString(), request.headers(), request.expiresAt());
  }
}
