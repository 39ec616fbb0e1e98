package dev.millrace.worker;

import dev.millrace.worker.release.Updates;
import dev.millrace.worker.run.Essential;
import dev.millrace.worker.run.Run;
import dev.millrace.worker.run.RunContext;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.Master;
import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two loops of a worker: one claims and begins runs, one beats and passes on orders. */
final class Worker {
  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final Duration ACCEPT_PATIENCE = Duration.ofSeconds(60);
  private static final Duration NO_WAKES = Duration.ofSeconds(60);
  private static final Duration LAST_WAIT = Duration.ofSeconds(40);

  private final WorkerFolder folder;
  private final RunContext context;
  private final Master master;
  private final Updates updates;
  private final int slots;
  private final Duration beat;
  private final Duration poll;
  private final Map<String, Run> runs = new ConcurrentHashMap<>();
  private final Object change = new Object();
  private volatile boolean draining;
  private volatile boolean beatWanted;
  private volatile boolean stopped;
  private volatile boolean refused;
  private boolean confirmed;
  private volatile @Nullable String shortage;

  Worker(
      WorkerFolder folder,
      RunContext context,
      Updates updates,
      int slots,
      WorkerFolder.Identity identity) {
    this.folder = folder;
    this.context = context;
    this.updates = updates;
    this.master = context.master();
    this.slots = slots;
    this.beat = Duration.ofSeconds(Math.max(1, identity.beatSeconds()));
    this.poll = Duration.ofSeconds(Math.max(1, identity.pollSeconds()));
  }

  /** Why a worker has ended. */
  enum End {
    STOPPED,
    REFUSED,
    CHANGES_OVER
  }

  /** Works until it is stopped, its credential is refused, or another release takes over. */
  End work() throws IOException, InterruptedException {
    resume();
    // The master must know what can be run here before it offers.
    beat();
    loop("beat", this::beats);
    loop("wake", this::wakes);
    boolean changesOver = claims();
    if (refused) {
      abandonAll();
      return End.REFUSED;
    }
    return changesOver ? End.CHANGES_OVER : End.STOPPED;
  }

  private static void loop(String name, Runnable body) {
    Essential.start(name, body);
  }

  /** Ends the loops; runs go on without the worker. */
  void stop() {
    stopped = true;
    context.readings().end();
    synchronized (change) {
      change.notifyAll();
    }
  }

  private void resume() throws IOException {
    for (Path root : folder.leftRuns()) {
      try {
        if (!Files.exists(root.resolve("state.json"))) {
          // Its removal began, or its run never did.
          LOG.warn("run folder without state is removed folder={}", root);
          context.trash().take(root);
          continue;
        }
        Run run = Run.resume(context, root, this::finished);
        runs.put(run.executionId(), run);
        LOG.info("run resumed execution={}", run.executionId());
      } catch (IOException e) {
        LOG.error("cannot take up folder={}; remove it by hand", root, e);
      }
    }
    sweep();
  }

  /** What runs left outside their folders, while no worker was here to remove it. */
  private void sweep() {
    Set<String> going =
        runs.values().stream()
            .filter(Run::holdsSlot)
            .map(Run::executionId)
            .collect(Collectors.toSet());
    for (RunRuntime runtime : context.runtimes().values()) {
      try {
        runtime.sweep(folder.runs(), going);
      } catch (IOException | RuntimeException e) {
        LOG.warn("what is left is swept by the next start runtime={}", runtime.name(), e);
      }
    }
  }

  private void finished(Run run) {
    runs.remove(run.executionId(), run);
    changed();
  }

  private void changed() {
    synchronized (change) {
      change.notifyAll();
    }
  }

  private int freeSlots() {
    return Math.max(0, slots - (int) runs.values().stream().filter(Run::holdsSlot).count());
  }

  /** Claims until the end; whether that is for another release. */
  private boolean claims() throws InterruptedException {
    Backoff backoff = Backoff.standard();
    while (!stopped && !refused) {
      if (updates.ready() && runs.values().stream().noneMatch(Run::busy) && changedOver()) {
        return true;
      }
      int free = freeSlots();
      if (free == 0 || draining || paused() != null) {
        synchronized (change) {
          change.wait(200);
        }
        continue;
      }
      try {
        Wire.Offer offer = master.claim(free, poll);
        backoff.succeeded();
        // The disk may have filled while it waited; an offer that is left lying goes to another.
        if (offer != null && !stopped && paused() == null) {
          accept(offer);
        }
      } catch (MasterException.CredentialRefused e) {
        refuse(e);
      } catch (IOException e) {
        Duration wait = backoff.next();
        if (backoff.attempts() == 1 || backoff.attempts() % 20 == 0) {
          LOG.warn("master does not answer a claim error={}", e.toString());
        }
        synchronized (change) {
          change.wait(wait.toMillis());
        }
      }
    }
    return false;
  }

  private boolean changedOver() {
    try {
      updates.changeOver();
      return true;
    } catch (IOException e) {
      LOG.warn("release cannot be changed, it is tried again error={}", e.toString());
      return false;
    }
  }

  /** Why no run is taken now, or null. */
  private @Nullable String paused() {
    String full = shortage;
    return full == null ? updates.holding() : full;
  }

  private void accept(Wire.Offer offer) throws IOException, InterruptedException {
    if (runs.containsKey(offer.executionId())) {
      return;
    }
    Backoff backoff = Backoff.standard();
    long end = System.nanoTime() + ACCEPT_PATIENCE.toNanos();
    while (true) {
      try {
        begin(master.accept(offer));
        return;
      } catch (MasterException.LeaseGone e) {
        LOG.info("offer gone execution={}", offer.executionId());
        return;
      } catch (MasterException e) {
        if (!e.transientFailure() || System.nanoTime() - end > 0) {
          throw e;
        }
      } catch (IOException e) {
        if (System.nanoTime() - end > 0) {
          throw e;
        }
      }
      Thread.sleep(backoff.next().toMillis());
    }
  }

  private void begin(Assignment assignment) throws IOException {
    String id = assignment.executionId();
    if (!id.matches("[0-9a-fA-F-]{1,64}")) {
      throw new IOException("the master sent an execution id that is not one");
    }
    LOG.info("run begins execution={} runtime={}", id, assignment.runtime());
    Run run;
    try {
      run = Run.begin(context, assignment, folder.runs().resolve(id), this::finished);
    } catch (IOException e) {
      // The master counts on it already: what the disk has left is for that.
      LOG.warn("run begins anew execution={} error={}", id, e.toString());
      context.disk().release();
      run = Run.begin(context, assignment, folder.runs().resolve(id), this::finished);
    }
    runs.put(id, run);
  }

  private void beats() {
    while (!stopped && !refused) {
      beatWanted = false;
      beat();
      synchronized (change) {
        try {
          long end = System.nanoTime() + beat.toNanos();
          while (!stopped && !refused && !beatWanted && System.nanoTime() - end < 0) {
            change.wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }

  /** Hears at once that there is an order, which the next beat then brings. */
  private void wakes() {
    Backoff backoff = Backoff.standard();
    while (!stopped && !refused) {
      Duration wait = Duration.ZERO;
      try {
        if (master.wake(poll)) {
          beatWanted = true;
          changed();
        }
        backoff.succeeded();
      } catch (MasterException.CredentialRefused e) {
        refuse(e);
      } catch (MasterException e) {
        // A master of an earlier release does not know the call: orders come with the beats.
        wait = e.status() == 404 ? NO_WAKES : backoff.next();
      } catch (IOException e) {
        wait = backoff.next();
      } catch (RuntimeException e) {
        LOG.error("wake failed", e);
        wait = NO_WAKES;
      }
      if (!pause(wait)) {
        return;
      }
    }
  }

  /** Waits unless the worker is stopped; false if this thread is to end. */
  private boolean pause(Duration wait) {
    long end = System.nanoTime() + wait.toNanos();
    synchronized (change) {
      try {
        while (!stopped && !refused && System.nanoTime() - end < 0) {
          change.wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  private void beat() {
    try {
      space();
      context.readings().look();
      Wire.Orders orders =
          master.beat(
              new Wire.Beat(
                  freeSlots(),
                  runs.values().stream().map(Run::beat).toList(),
                  context.disk().free() >> 20,
                  context.available(),
                  updates.running(),
                  paused(),
                  trouble()));
      draining = orders.draining();
      updates.wanted(orders.wantedRelease());
      if (!confirmed) {
        updates.confirm();
        confirmed = true;
      }
      List<Wire.RunOrder> each = orders.runs() == null ? List.of() : orders.runs();
      for (Wire.RunOrder order : each) {
        Run run = runs.get(order.executionId());
        if (run != null) {
          run.order(order.order());
        }
      }
    } catch (MasterException.CredentialRefused e) {
      refuse(e);
    } catch (IOException e) {
      LOG.debug("beat lost error={}", e.toString());
    } catch (RuntimeException e) {
      LOG.error("beat failed", e);
    }
  }

  private @Nullable String trouble() {
    String words =
        Stream.of(context.trouble(), updates.trouble(), context.trash().trouble())
            .filter(Objects::nonNull)
            .collect(Collectors.joining(" "));
    return words.isEmpty() ? null : words;
  }

  /** Looks after the disk; where nothing can go on for lack of space, its largest run ends. */
  private void space() {
    shortage = context.disk().shortage();
    if (!context.disk().stuck()) {
      return;
    }
    Run largest = null;
    long most = -1;
    for (Run run : runs.values()) {
      long bytes = run.holdsSlot() ? run.bytes() : -1;
      if (bytes > most) {
        most = bytes;
        largest = run;
      }
    }
    if (largest != null) {
      LOG.warn("disk is full, run ends execution={} bytes={}", largest.executionId(), most);
      largest.outOfSpace();
    }
  }

  private void refuse(MasterException.CredentialRefused e) {
    if (!refused) {
      LOG.error(
          "the master refuses this worker's credential ({}); its runs are ended. To join again, use"
              + " a new join token and an empty --dir",
          e.getMessage());
    }
    refused = true;
    changed();
  }

  private void abandonAll() throws InterruptedException {
    runs.values().forEach(run -> run.order("abandon"));
    long end = System.nanoTime() + LAST_WAIT.toNanos();
    synchronized (change) {
      while (!runs.isEmpty() && System.nanoTime() - end < 0) {
        change.wait(200);
      }
    }
  }
}
