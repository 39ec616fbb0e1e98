package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import java.nio.file.Path;

/**
 * Bytes that the master itself puts into a data store or takes out of it. Every method throws
 * {@link StoreUnavailable} if the store's plugin is not there or fails.
 */
public interface Blobs {
  /** Stores the file whole, unless a blob of that key and size is there already. */
  void ensure(DataStore store, String key, Path file);

  /** Removes the blob; removing nothing is no error. */
  void delete(DataStore store, String key);
}
