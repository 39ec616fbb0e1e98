package dev.millrace.spi.storage;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.Plugin;
import dev.millrace.spi.common.PluginException;
import java.io.InputStream;
import java.net.URI;
import java.util.Optional;
import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Keeps bytes under keys in one bucket, container or folder. Knows nothing of runs, models or
 * users.
 *
 * <p>A blob that was written is seen by every later {@link #stat} and {@link #read}, through every
 * master. Nothing is held in memory beyond a buffer of constant size.
 */
@ConsumerType
public interface ArtifactStore extends Plugin {

  /** What this store can do beyond the rest of this interface; the same for the service's life. */
  Set<StoreFeature> features();

  /**
   * What the addresses of this store's blobs begin with, for example {@code
   * swift://project/container/}: absolute, with a path that ends in a slash. A key is appended
   * percent-encoded.
   */
  URI root();

  /** Describes a blob; empty if there is none. */
  Optional<Blob> stat(BlobKey key, CallContext call) throws PluginException;

  /**
   * Stores a blob whole or not at all, replacing an older one in one step: a reader sees all of the
   * one or all of the other. Does not close {@code body}.
   *
   * @throws PluginException UNSUPPORTED for {@link WriteOptions#ifAbsent()} without {@link
   *     StoreFeature#WRITE_IF_ABSENT}; CONFLICT if {@code ifAbsent} and there is such a blob, or if
   *     the store keeps folders and the key would be both a blob and a folder; INVALID if {@code
   *     body} has another number of bytes than {@link WriteOptions#size()} says; UNAVAILABLE, with
   *     the cause, if {@code body} could not be read to its end
   */
  Blob write(BlobKey key, InputStream body, WriteOptions options, CallContext call)
      throws PluginException;

  /**
   * Opens a blob, or part of one; the caller closes it. A range that ends behind the blob's last
   * byte is cut there. The stream reads one version of the blob to its end, or fails; it may be
   * read after the call's time is over.
   *
   * @throws PluginException NOT_FOUND if there is no such blob, INVALID if the range begins behind
   *     its last byte (a range from 0 is good for an empty blob)
   */
  InputStream read(BlobKey key, ByteRange range, CallContext call) throws PluginException;

  /**
   * Lists the blobs whose key begins with {@code prefix} (characters, not folders; empty for all)
   * in the order of {@link BlobKey#compareTo}, each once. A page holds 1,000 blobs at most.
   */
  Page<Blob> list(String prefix, Page.Cursor from, CallContext call) throws PluginException;

  /** Removes a blob. Removing nothing is no error. */
  void delete(BlobKey key, CallContext call) throws PluginException;
}
