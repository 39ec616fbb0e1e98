package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.spi.storage.Blob;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Asks a store about many blobs, several at a time. */
public final class BlobChecks {
  /** Of one caller at a time. */
  private static final int PARALLEL = 16;

  /** Of all callers; beyond them a caller asks for itself. */
  private static final int THREADS = 64;

  /** After so long no further one is asked for: the caller comes again for the rest. */
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  /** As many failures without a success, and the rest is not asked for. */
  private static final int GIVE_UP = 16;

  private final Blobs blobs;
  private final ThreadPoolExecutor helpers =
      new ThreadPoolExecutor(
          0,
          THREADS,
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          task -> {
            Thread thread = new Thread(task, "blob-checks");
            thread.setDaemon(true);
            return thread;
          });

  public BlobChecks(Blobs blobs) {
    this.blobs = blobs;
  }

  /**
   * What the store says of one blob.
   *
   * @param size its bytes, -1 where there is none
   * @param failure why it cannot be said, or null
   */
  public record Found(long size, @Nullable StoreUnavailable failure) {}

  /** Asks for each of the keys; the answers are in their order. */
  public List<Found> sizes(DataStore store, List<String> keys) {
    AtomicReferenceArray<Found> found = new AtomicReferenceArray<>(keys.size());
    AtomicInteger next = new AtomicInteger();
    AtomicInteger failures = new AtomicInteger();
    CountDownLatch open = new CountDownLatch(keys.size());
    long end = System.nanoTime() + PATIENCE_NANOS;
    Runnable work =
        () -> {
          for (int i = next.getAndIncrement(); i < keys.size(); i = next.getAndIncrement()) {
            try {
              if (failures.get() < GIVE_UP && System.nanoTime() - end < 0) {
                Found one = size(store, keys.get(i));
                boolean failed = one.failure() != null && one.failure().passing();
                failures.updateAndGet(n -> failed ? n + 1 : 0);
                found.set(i, one);
              }
            } finally {
              open.countDown();
            }
          }
        };
    for (int i = 1; i < Math.min(PARALLEL, keys.size()); i++) {
      try {
        helpers.execute(work);
      } catch (RejectedExecutionException e) {
        break; // All threads are busy: the caller is one itself.
      }
    }
    work.run();
    await(open);
    StoreUnavailable slow =
        new StoreUnavailable(
            "Data store " + store.name() + " answers too slowly to check all outputs at once");
    List<Found> all = new ArrayList<>(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      Found one = found.get(i);
      all.add(one == null ? new Found(-1, slow) : one);
    }
    return all;
  }

  private Found size(DataStore store, String key) {
    try {
      return new Found(blobs.stat(store, key).map(Blob::size).orElse(-1L), null);
    } catch (StoreUnavailable e) {
      return new Found(-1, e);
    }
  }

  private static void await(CountDownLatch open) {
    try {
      open.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the threads. */
  public void close() {
    helpers.shutdownNow();
  }
}
