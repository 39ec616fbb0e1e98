package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.ByteRange;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Bytes that the master itself puts into a data store or takes out of it, through the guarded
 * plugins. Every method throws {@link StoreUnavailable} if the store's plugin is not there or
 * fails.
 */
public interface Blobs {
  /** Why the store cannot be used at the moment, for users; empty if it can. */
  Optional<String> missing(DataStore store);

  /** Describes a blob; empty if there is none. */
  Optional<Blob> stat(DataStore store, String key);

  /** Opens a blob or part of it; empty if there is none. The caller closes the stream. */
  Optional<InputStream> read(DataStore store, String key, ByteRange range);

  /** Stores the file whole, unless a blob of that key and size is there already. */
  void ensure(DataStore store, String key, Path file);

  /** Stores {@code bytes} bytes under the key, whole or not at all; replaces an older blob. */
  Blob write(DataStore store, String key, InputStream body, long bytes);

  /** Removes the blob; removing nothing is no error. */
  void delete(DataStore store, String key);
}
