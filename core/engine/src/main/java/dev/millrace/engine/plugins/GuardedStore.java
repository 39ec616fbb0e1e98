package dev.millrace.engine.plugins;

import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.SignedTransfers;
import dev.millrace.spi.storage.StoreFeature;
import java.io.InputStream;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * An artifact store as the rest of the engine sees it: the verbs of the SPI, each guarded. Every
 * verb throws PluginMissing while the plugin is not there or out of use.
 */
public final class GuardedStore {
  private static final long SLOWEST_BYTES_PER_SECOND = 1 << 20;
  private static final Duration LONGEST_WRITE = Duration.ofHours(24);

  private final String name;
  private final Guard<ArtifactStore> guard;
  private final Set<StoreFeature> features;
  private final URI root;
  private final Optional<GuardedTransfers> transfers;

  /** Asks the store what it is, once; throws if it cannot say. */
  GuardedStore(String name, Guard<ArtifactStore> guard) throws PluginException, PluginMissing {
    Duration time = guard.policy().time();
    this.name = name;
    this.guard = guard;
    this.features = guard.once("features", time, (store, call) -> Set.copyOf(store.features()));
    this.root = guard.once("root", time, (store, call) -> checked(store.root()));
    this.transfers =
        guard.once("role", time, (store, call) -> store.role(SignedTransfers.class).isPresent())
            ? Optional.of(new GuardedTransfers(guard))
            : Optional.empty();
  }

  /** Guards a store by hand, for tests of what uses one. */
  public static GuardedStore around(String name, ArtifactStore store)
      throws PluginException, PluginMissing {
    return new GuardedStore(
        name, new Guard<>("store " + name, store, GuardPolicy.STORE, Pace.REAL, Clock.systemUTC()));
  }

  private static URI checked(URI root) {
    if (!root.isAbsolute() || !root.toString().endsWith("/")) {
      throw new IllegalStateException("root() must be absolute and end in a slash: " + root);
    }
    return root;
  }

  /** The account's name. */
  public String name() {
    return name;
  }

  /** What this store can do. */
  public Set<StoreFeature> features() {
    return features;
  }

  /** What the addresses of its blobs begin with; ends in a slash. */
  public URI root() {
    return root;
  }

  /** Signed requests, where the store makes them; else bytes go through the master's relay. */
  public Optional<GuardedTransfers> transfers() {
    return transfers;
  }

  /** Describes a blob; empty if there is none. */
  public Optional<Blob> stat(BlobKey key) throws PluginException, PluginMissing {
    return guard.repeat("stat", guard.policy().time(), (store, call) -> store.stat(key, call));
  }

  /**
   * Stores a blob whole or not at all; it is sent once, because the body can be read only once. It
   * may take 30 s and a second for each MiB; a day where the size is not known.
   */
  public Blob write(BlobKey key, InputStream body, Writing options)
      throws PluginException, PluginMissing {
    Duration time =
        options.size().isPresent()
            ? guard
                .policy()
                .time()
                .plusSeconds(options.size().getAsLong() / SLOWEST_BYTES_PER_SECOND)
            : LONGEST_WRITE;
    LoanedBody loan = new LoanedBody(body);
    try {
      return guard.once("write", time, (store, call) -> store.write(key, loan, options, call));
    } finally {
      loan.giveBack();
    }
  }

  /** Opens a blob, or part of one; close it, because it holds up the removal of the plugin. */
  public InputStream read(BlobKey key, ByteRange range) throws PluginException, PluginMissing {
    return new GuardedStream(
        guard,
        guard.open("read", guard.policy().time(), (store, call) -> store.read(key, range, call)));
  }

  /** Lists blobs whose key begins with {@code prefix}, in key order. */
  public Page<Blob> list(String prefix, Page.Cursor from) throws PluginException, PluginMissing {
    return guard.repeat(
        "list", guard.policy().time(), (store, call) -> store.list(prefix, from, call));
  }

  /** Removes a blob. Removing nothing is no error. */
  public void delete(BlobKey key) throws PluginException, PluginMissing {
    guard.repeat(
        "delete",
        guard.policy().time(),
        (store, call) -> {
          store.delete(key, call);
          return true;
        });
  }
}
