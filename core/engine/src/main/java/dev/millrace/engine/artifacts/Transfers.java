package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import java.time.Duration;
import java.util.Optional;

/**
 * Makes signed requests by which clients and workers move bytes: the store's own where it can sign,
 * else one through the master's relay at {@code baseUrl} (for example {@code https://host:8000}).
 * Every method throws {@link StoreUnavailable} if the store's plugin is not there or fails.
 */
public interface Transfers {
  /** A request that reads the blob; browsers save it under {@code fileName} where that is given. */
  Transfer download(
      DataStore store, String key, Optional<String> fileName, Duration validity, String baseUrl);

  /** A request that writes the blob whole or not at all, at most {@code bytes} bytes. */
  Transfer upload(DataStore store, String key, long bytes, Duration validity, String baseUrl);
}
