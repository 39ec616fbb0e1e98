package dev.millrace.spi.storage;

import java.util.Optional;
import java.util.OptionalLong;
import org.osgi.annotation.versioning.ProviderType;

/** How a blob is to be written. Built by the engine and read by plugins. */
@ProviderType
public interface WriteOptions {
  /** The number of bytes of the body, if known. A body of another length is not stored. */
  OptionalLong size();

  /** The media type to keep with the blob; a store that cannot keep it leaves it out. */
  Optional<String> contentType();

  /** Whether to write only if there is no such blob. */
  boolean ifAbsent();
}
