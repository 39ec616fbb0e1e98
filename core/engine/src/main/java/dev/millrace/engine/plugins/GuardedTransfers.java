package dev.millrace.engine.plugins;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.PartPlan;
import dev.millrace.spi.storage.PartReceipt;
import dev.millrace.spi.storage.SignedRequest;
import dev.millrace.spi.storage.SignedTransfers;
import java.time.Duration;
import java.util.List;

/** The signed transfers of a store, guarded as the store is. */
public final class GuardedTransfers {
  private final Guard<ArtifactStore> guard;

  GuardedTransfers(Guard<ArtifactStore> guard) {
    this.guard = guard;
  }

  /** A request that reads a blob. */
  public SignedRequest download(BlobKey key, Duration validity)
      throws PluginException, PluginMissing {
    return play("download", (role, call) -> role.download(key, validity, call));
  }

  /** A request that writes a blob in one piece. */
  public SignedRequest upload(BlobKey key, Duration validity)
      throws PluginException, PluginMissing {
    return play("upload", (role, call) -> role.upload(key, validity, call));
  }

  /** Plans an upload in parts. */
  public PartPlan begin(BlobKey key, long bytes) throws PluginException, PluginMissing {
    return play("begin", (role, call) -> role.begin(key, bytes, call));
  }

  /** A request that writes part {@code n} (from 1). */
  public SignedRequest part(PartPlan plan, int n, Duration validity)
      throws PluginException, PluginMissing {
    return play("part", (role, call) -> role.part(plan, n, validity, call));
  }

  /** Joins the parts into the blob. */
  public Blob complete(PartPlan plan, List<PartReceipt> receipts)
      throws PluginException, PluginMissing {
    List<PartReceipt> all = List.copyOf(receipts);
    return play("complete", (role, call) -> role.complete(plan, all, call));
  }

  /** Drops the parts. */
  public void abort(PartPlan plan) throws PluginException, PluginMissing {
    play(
        "abort",
        (role, call) -> {
          role.abort(plan, call);
          return true;
        });
  }

  private interface Act<T> {
    T play(SignedTransfers role, CallContext call) throws Exception;
  }

  private <T> T play(String verb, Act<T> act) throws PluginException, PluginMissing {
    // The role is asked for in the call itself, so that nobody keeps an object of the plugin's.
    return guard.repeat(
        verb,
        guard.policy().time(),
        (store, call) ->
            act.play(
                store
                    .role(SignedTransfers.class)
                    .orElseThrow(() -> new IllegalStateException("the role has gone")),
                call));
  }
}
