package dev.millrace.it.rogue;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import dev.millrace.spi.storage.WriteOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A store in a folder that answers each request 50 ms late, as one behind a network does. */
public final class SlowStore implements ArtifactStore {
  private static final long LATE_NANOS = 50_000_000;

  private final Path folder;

  public SlowStore(RogueAccount account) {
    this.folder = Path.of(account.folder());
  }

  @Override
  public Set<StoreFeature> features() {
    return Set.of();
  }

  @Override
  public URI root() {
    return URI.create("slow://it/");
  }

  @Override
  public Optional<Blob> stat(BlobKey key, CallContext call) throws PluginException {
    LockSupport.parkNanos(LATE_NANOS);
    Path file = folder.resolve(key.value());
    try {
      return Files.isRegularFile(file) ? Optional.of(blob(key, file)) : Optional.empty();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public Blob write(BlobKey key, InputStream body, WriteOptions options, CallContext call)
      throws PluginException {
    LockSupport.parkNanos(LATE_NANOS);
    Path file = folder.resolve(key.value());
    try {
      Files.createDirectories(file.getParent());
      Path part = Files.createTempFile(folder, "blob", ".part");
      Files.copy(body, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      return blob(key, file);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public InputStream read(BlobKey key, ByteRange range, CallContext call) throws PluginException {
    LockSupport.parkNanos(LATE_NANOS);
    Path file = folder.resolve(key.value());
    if (!Files.isRegularFile(file)) {
      throw new PluginException(Kind.NOT_FOUND, "there is no " + key.value());
    }
    try {
      SeekableByteChannel channel = Files.newByteChannel(file).position(range.from());
      InputStream all = Channels.newInputStream(channel);
      return range.length().isEmpty() ? all : new Part(all, range.length().getAsLong());
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public Page<Blob> list(String prefix, Page.Cursor from, CallContext call) throws PluginException {
    LockSupport.parkNanos(LATE_NANOS);
    try (Stream<Path> files = Files.walk(folder)) {
      List<String> keys =
          files
              .filter(Files::isRegularFile)
              .map(file -> folder.relativize(file).toString())
              .filter(key -> key.startsWith(prefix))
              .sorted()
              .toList();
      List<Blob> blobs = new java.util.ArrayList<>();
      for (String key : keys) {
        blobs.add(blob(new BlobKey(key), folder.resolve(key)));
      }
      return Page.last(blobs);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void delete(BlobKey key, CallContext call) throws PluginException {
    LockSupport.parkNanos(LATE_NANOS);
    try {
      Files.deleteIfExists(folder.resolve(key.value()));
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static Blob blob(BlobKey key, Path file) throws IOException {
    return new Blob(key, Files.size(file), "slow", Files.getLastModifiedTime(file).toInstant());
  }

  private static PluginException failed(IOException e) {
    return new PluginException(Kind.UNAVAILABLE, String.valueOf(e.getMessage()));
  }

  /** The first bytes of a stream. */
  private static final class Part extends InputStream {
    private final InputStream all;
    private long left;

    Part(InputStream all, long left) {
      this.all = all;
      this.left = left;
    }

    @Override
    public int read() throws IOException {
      int b = left > 0 ? all.read() : -1;
      left -= b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int n = left > 0 ? all.read(bytes, offset, (int) Math.min(left, length)) : -1;
      left -= Math.max(0, n);
      return n;
    }

    @Override
    public void close() throws IOException {
      all.close();
    }
  }
}
