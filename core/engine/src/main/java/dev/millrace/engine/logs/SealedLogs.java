package dev.millrace.engine.logs;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.spi.storage.ByteRange;
import java.io.IOException;
import java.io.InputStream;

/** Where a sealed log is, in its store. */
final class SealedLogs {
  private SealedLogs() {}

  static DataStore store(Database database, SealedLog sealed) {
    return database
        .read(s -> s.dataStores().find(new Scope.Everything(), sealed.store()))
        .orElseThrow(() -> gone("its store is not configured any more"));
  }

  static LogIndex index(Blobs blobs, DataStore store, SealedLog sealed) {
    try (InputStream in =
        blobs
            .read(store, sealed.indexKey(), ByteRange.ALL)
            .orElseThrow(() -> gone("its index is not in the store"))) {
      return LogIndex.read(in);
    } catch (IOException e) {
      throw gone(String.valueOf(e.getMessage()));
    }
  }

  static InputStream body(Blobs blobs, DataStore store, SealedLog sealed, ByteRange range) {
    return blobs.read(store, sealed.key(), range).orElseThrow(() -> gone("it is not in the store"));
  }

  private static StoreUnavailable gone(String why) {
    return new StoreUnavailable("The log cannot be read: " + why);
  }
}
