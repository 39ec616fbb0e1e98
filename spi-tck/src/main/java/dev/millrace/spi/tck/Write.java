package dev.millrace.spi.tck;

import dev.millrace.spi.storage.WriteOptions;
import java.util.Optional;
import java.util.OptionalLong;

/** Write options as the engine would make them. */
record Write(OptionalLong size, Optional<String> contentType, boolean ifAbsent)
    implements WriteOptions {
  static final Write ANY = new Write(OptionalLong.empty(), Optional.empty(), false);
  static final Write IF_ABSENT = new Write(OptionalLong.empty(), Optional.empty(), true);

  static Write sized(long size) {
    return new Write(OptionalLong.of(size), Optional.of("application/octet-stream"), false);
  }
}
