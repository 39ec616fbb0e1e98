package dev.millrace.spi.storage;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import java.time.Duration;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Optional role of an {@link ArtifactStore}: lets a worker move bytes without passing through the
 * master; large uploads in parts. A signed request is good for one key and one verb until it
 * expires, for whoever holds it.
 */
@ConsumerType
public interface SignedTransfers {
  /** A request that reads a blob, with ranges; it is made also for a blob that does not exist. */
  SignedRequest download(BlobKey key, Duration validity, CallContext call) throws PluginException;

  /** A request that writes a blob in one piece, whole or not at all. */
  SignedRequest upload(BlobKey key, Duration validity, CallContext call) throws PluginException;

  /** Plans an upload in parts. Nothing is to be seen under the key before {@link #complete}. */
  PartPlan begin(BlobKey key, long bytes, CallContext call) throws PluginException;

  /** A request that writes part {@code n} (from 1) of a plan. */
  SignedRequest part(PartPlan plan, int n, Duration validity, CallContext call)
      throws PluginException;

  /** Joins the parts into the blob. Sent twice, it answers the same. */
  Blob complete(PartPlan plan, List<PartReceipt> receipts, CallContext call) throws PluginException;

  /** Drops the parts. An upload already dropped or completed is no error. */
  void abort(PartPlan plan, CallContext call) throws PluginException;
}
