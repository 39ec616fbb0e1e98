package dev.millrace.it.rogue;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import dev.millrace.spi.storage.WriteOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** A store that takes whatever it is given as slowly as it is let: it waits to be interrupted. */
public final class RogueStore implements ArtifactStore {
  private final Path folder;

  public RogueStore(RogueAccount account) {
    this.folder = Path.of(account.folder());
  }

  @Override
  public Set<StoreFeature> features() {
    return Set.of();
  }

  @Override
  public URI root() {
    return URI.create("rogue:///");
  }

  @Override
  public Optional<Blob> stat(BlobKey key, CallContext call) throws PluginException {
    throw waited("stat " + key.value());
  }

  @Override
  public Blob write(BlobKey key, InputStream body, WriteOptions options, CallContext call)
      throws PluginException {
    throw waited("write " + key.value());
  }

  @Override
  public InputStream read(BlobKey key, ByteRange range, CallContext call) throws PluginException {
    throw waited("read " + key.value());
  }

  @Override
  public Page<Blob> list(String prefix, Page.Cursor from, CallContext call) throws PluginException {
    throw waited("list " + prefix);
  }

  @Override
  public void delete(BlobKey key, CallContext call) throws PluginException {
    throw waited("delete " + key.value());
  }

  private PluginException waited(String what) {
    try {
      Files.writeString(folder.resolve("asked"), what);
      new CountDownLatch(1).await();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new PluginException(PluginException.Kind.UNAVAILABLE, "interrupted");
  }
}
