package dev.millrace.engine.plugins;

import dev.millrace.spi.storage.WriteOptions;
import java.util.Optional;
import java.util.OptionalLong;

/** How the engine wants a blob written. */
public record Writing(OptionalLong size, Optional<String> contentType, boolean ifAbsent)
    implements WriteOptions {

  /** Replaces what is there; the size is not known. */
  public static Writing any() {
    return new Writing(OptionalLong.empty(), Optional.empty(), false);
  }

  /** Replaces what is there. */
  public static Writing sized(long bytes) {
    return new Writing(OptionalLong.of(bytes), Optional.empty(), false);
  }

  /** The same, but only if there is no such blob. */
  public Writing onlyIfAbsent() {
    return new Writing(size, contentType, true);
  }

  /** The same with a media type. */
  public Writing as(String mediaType) {
    return new Writing(size, Optional.of(mediaType), ifAbsent);
  }
}
