package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.RelayLinks;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.Database;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Moves the bytes of stores that cannot sign requests themselves, for whoever holds a signed
 * address.
 */
@Component(service = Relay.class, immediate = true)
public final class Relay {
  private final Database database;
  private final Blobs blobs;
  private final RelayLinks links;

  @Activate
  public Relay(@Reference Database database, @Reference Blobs blobs, @Reference RelayLinks links) {
    this.database = database;
    this.blobs = blobs;
    this.links = links;
  }

  /** The parts of an address as they came, decoded. */
  public record Address(
      String store, String key, long expires, long bytes, String fileName, String signature) {}

  /**
   * Bytes on their way out; close the stream.
   *
   * @param from the first byte of the blob that is sent
   * @param length how many are sent
   * @param partial whether a range was asked for
   */
  public record Download(
      long size,
      long from,
      long length,
      boolean partial,
      String etag,
      String fileName,
      InputStream body) {}

  /**
   * Opens a blob, or the one range of it that {@code Range} names. Throws {@link Refused} 403, 404,
   * 416 or 503.
   */
  public Download download(Address address, @Nullable String range) {
    DataStore store = check("GET", address);
    try {
      Blob blob = blobs.stat(store, address.key()).orElseThrow(Relay::absent);
      Optional<Range> wanted = Range.parse(range, blob.size());
      long from = wanted.map(Range::from).orElse(0L);
      long length = wanted.map(Range::length).orElse(blob.size());
      InputStream body =
          length == 0
              ? new ByteArrayInputStream(new byte[0])
              : blobs
                  .read(store, address.key(), ByteRange.of(from, length))
                  .orElseThrow(Relay::absent);
      String name =
          address.fileName().isEmpty()
              ? address.key().substring(address.key().lastIndexOf('/') + 1)
              : address.fileName();
      return new Download(blob.size(), from, length, wanted.isPresent(), blob.etag(), name, body);
    } catch (StoreUnavailable e) {
      throw Refused.of(e);
    }
  }

  /**
   * Stores exactly {@code length} bytes, whole or not at all. Throws {@link Refused} 403, 411, 413,
   * 422 or 503.
   */
  public void upload(Address address, InputStream body, long length) {
    DataStore store = check("PUT", address);
    if (length < 0) {
      throw new Refused(411, "length_required", "Send a Content-Length.");
    }
    if (length > address.bytes()) {
      throw new Refused(
          413, "too_large", "At most " + address.bytes() + " bytes may be sent here.");
    }
    try {
      blobs.write(store, address.key(), body, length);
    } catch (StoreUnavailable e) {
      // Trying again would send all of it again and make no room.
      throw e.code().equals(StoreUnavailable.FULL)
          ? new Refused(422, e.code(), String.valueOf(e.getMessage()))
          : Refused.of(e);
    }
  }

  private DataStore check(String verb, Address address) {
    try {
      StoreId id = StoreId.parse(address.store());
      RelayLinks.Grant grant =
          new RelayLinks.Grant(
              verb,
              id,
              new BlobKey(address.key()).value(),
              address.expires(),
              address.bytes(),
              address.fileName());
      if (!links.good(grant, address.signature())) {
        throw refused();
      }
      return database
          .read(s -> s.dataStores().find(Leases.EVERYTHING, id))
          .orElseThrow(Relay::refused);
    } catch (IllegalArgumentException e) {
      throw refused();
    }
  }

  private static Refused refused() {
    return new Refused(
        403, "transfer_refused", "The address was altered or its time is over; ask for a new one.");
  }

  private static Refused absent() {
    return new Refused(404, "not_found", "There are no such bytes any more.");
  }

  /** One range of a blob. */
  record Range(long from, long length) {
    /** Reads a Range header; empty for none, several, or another unit: then all is sent. */
    static Optional<Range> parse(@Nullable String header, long size) {
      if (header == null || !header.startsWith("bytes=") || header.contains(",")) {
        return Optional.empty();
      }
      String text = header.substring("bytes=".length()).trim();
      int dash = text.indexOf('-');
      if (dash < 0) {
        return Optional.empty();
      }
      try {
        String first = text.substring(0, dash);
        String last = text.substring(dash + 1);
        long from = first.isEmpty() ? size - Long.parseLong(last) : Long.parseLong(first);
        from = Math.max(0, from);
        long to =
            first.isEmpty() || last.isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(last));
        if (from >= size || to < from) {
          throw new Refused(416, "range", "The file has " + size + " bytes.");
        }
        return Optional.of(new Range(from, to - from + 1));
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
    }
  }
}
