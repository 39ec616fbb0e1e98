package dev.millrace.engine.plugins;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import dev.millrace.spi.storage.WriteOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A well-behaved store; rogues override one verb. */
class MemoryStore implements ArtifactStore {
  final Map<BlobKey, byte[]> blobs = new TreeMap<>();

  @Override
  public Set<StoreFeature> features() {
    return Set.of(StoreFeature.STRONG_LISTING);
  }

  @Override
  public URI root() {
    return URI.create("memory://test/");
  }

  @Override
  public Optional<Blob> stat(BlobKey key, CallContext call) throws PluginException {
    return Optional.ofNullable(blobs.get(key)).map(bytes -> blob(key, bytes));
  }

  @Override
  public Blob write(BlobKey key, InputStream body, WriteOptions options, CallContext call)
      throws PluginException {
    try {
      byte[] bytes = body.readAllBytes();
      blobs.put(key, bytes);
      return blob(key, bytes);
    } catch (IOException e) {
      throw new PluginException(PluginException.Kind.UNAVAILABLE, "body", e);
    }
  }

  @Override
  public InputStream read(BlobKey key, ByteRange range, CallContext call) throws PluginException {
    byte[] bytes = blobs.get(key);
    if (bytes == null) {
      throw new PluginException(PluginException.Kind.NOT_FOUND, "no " + key);
    }
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public Page<Blob> list(String prefix, Page.Cursor from, CallContext call) {
    return Page.last(
        blobs.entrySet().stream()
            .filter(entry -> entry.getKey().value().startsWith(prefix))
            .map(entry -> blob(entry.getKey(), entry.getValue()))
            .toList());
  }

  @Override
  public void delete(BlobKey key, CallContext call) throws PluginException {
    blobs.remove(key);
  }

  private static Blob blob(BlobKey key, byte[] bytes) {
    return new Blob(key, bytes.length, "e", Instant.EPOCH);
  }
}
