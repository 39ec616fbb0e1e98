package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.PluginInfo.Kind;
import dev.millrace.engine.plugins.GuardedStore;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.plugins.Writing;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Bytes in the stores of the plugins. */
@Component(service = Blobs.class, immediate = true)
public final class StoreBlobs implements Blobs {
  private final Plugins plugins;

  @Activate
  public StoreBlobs(@Reference Plugins plugins) {
    this.plugins = plugins;
  }

  private interface Act<T> {
    T on(GuardedStore store) throws PluginException, PluginMissing;
  }

  @Override
  public Optional<String> missing(DataStore store) {
    return plugins.store(store.plugin()).isPresent()
        ? Optional.empty()
        : Optional.of("Data store " + store.name() + " is not there: " + why(store));
  }

  @Override
  public Optional<Blob> stat(DataStore store, String key) {
    return ask(store, guarded -> guarded.stat(new BlobKey(key)));
  }

  @Override
  public Optional<InputStream> read(DataStore store, String key, ByteRange range) {
    return ask(
        store,
        guarded -> {
          try {
            return Optional.of(guarded.read(new BlobKey(key), range));
          } catch (PluginException e) {
            if (e.kind() == PluginException.Kind.NOT_FOUND) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  @Override
  public void ensure(DataStore store, String key, Path file) {
    try {
      long bytes = Files.size(file);
      if (stat(store, key).filter(blob -> blob.size() == bytes).isPresent()) {
        return;
      }
      try (InputStream body = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
        write(store, key, body, bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  @Override
  public Blob write(DataStore store, String key, InputStream body, long bytes) {
    return ask(store, guarded -> guarded.write(new BlobKey(key), body, Writing.sized(bytes)));
  }

  @Override
  public void delete(DataStore store, String key) {
    ask(
        store,
        guarded -> {
          guarded.delete(new BlobKey(key));
          return true;
        });
  }

  private <T> T ask(DataStore store, Act<T> act) {
    GuardedStore guarded =
        plugins
            .store(store.plugin())
            .orElseThrow(
                () ->
                    new StoreUnavailable(
                        "Data store " + store.name() + " is not there: " + why(store)));
    try {
      return act.on(guarded);
    } catch (PluginException | PluginMissing e) {
      throw StoreUnavailable.of(store.name(), e);
    }
  }

  private String why(DataStore store) {
    return String.valueOf(plugins.missing(Kind.STORE, store.plugin()).getMessage());
  }
}
