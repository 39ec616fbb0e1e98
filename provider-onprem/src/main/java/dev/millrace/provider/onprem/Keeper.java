package dev.millrace.provider.onprem;

import dev.millrace.provider.onprem.OnpremErrors.BadRelease;
import dev.millrace.spi.compute.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes true what the node records want: a wanted node's worker runs, a released node goes.
 *
 * <p>One thread looks at all records every second; a node's own work, which may take minutes, is
 * done beside it, never twice at a time for one node.
 */
final class Keeper {
  private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);
  private static final long TICK_MILLIS = 1000;
  private static final int NODES_AT_A_TIME = 4;
  private static final int PATIENCE = 5;
  private static final Duration LOCK_TIME = Duration.ofSeconds(30);

  private final NodeFolders folders;
  private final Releases releases;
  private final Machines machines;
  private final FolderLock lock;
  private final ExecutorService loop = Executors.newSingleThreadExecutor(named("onprem-keeper"));
  private final ExecutorService work =
      Executors.newFixedThreadPool(NODES_AT_A_TIME, named("onprem-node"));
  private final Semaphore signal = new Semaphore(1);
  private final Set<String> busy = ConcurrentHashMap.newKeySet();
  private final Map<String, Attempts> attempts = new ConcurrentHashMap<>();
  private final Map<String, Fault> troubles = new ConcurrentHashMap<>();
  private volatile boolean closed;

  Keeper(NodeFolders folders, Releases releases, Machines machines) {
    this.folders = folders;
    this.releases = releases;
    this.machines = machines;
    this.lock = new FolderLock(folders.root());
  }

  private static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  FolderLock lock() {
    return lock;
  }

  void start() {
    loop.execute(this::run);
  }

  /** Has the records looked at now instead of at the next tick. */
  void wake() {
    if (signal.availablePermits() == 0) {
      signal.release();
    }
  }

  void close() {
    closed = true;
    loop.shutdownNow();
    work.shutdownNow();
    try {
      if (!work.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("event=keeper_slow_to_close");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the worker of a node lives. */
  boolean runs(NodeRecord node) {
    return process(node).lives();
  }

  /** Why the worker of a node could not be started last time, if it could not. */
  Optional<Fault> trouble(NodeRecord node) {
    return Optional.ofNullable(troubles.get(node.id().value()));
  }

  private WorkerProcess process(NodeRecord node) {
    return new WorkerProcess(folders.folder(node), folders.worker(node));
  }

  private void run() {
    while (!closed) {
      try {
        look();
        boolean woken = signal.tryAcquire(TICK_MILLIS, TimeUnit.MILLISECONDS);
        LOG.trace("event=keeper_tick woken={}", woken);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (IOException | RuntimeException e) {
        if (closed) {
          return;
        }
        LOG.error("event=keeper_failed remedy=\"see the cause\" folder={}", folders.root(), e);
        pause();
      }
    }
  }

  private void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look() throws IOException {
    List<NodeRecord> nodes = folders.all();
    Set<String> known = nodes.stream().map(n -> n.id().value()).collect(Collectors.toSet());
    attempts.keySet().retainAll(known);
    troubles.keySet().retainAll(known);
    for (NodeRecord node : nodes) {
      String id = node.id().value();
      if (needsWork(node) && busy.add(id)) {
        try {
          work.execute(() -> tend(node, id));
        } catch (RejectedExecutionException e) {
          busy.remove(id);
        }
      }
    }
  }

  private boolean needsWork(NodeRecord node) {
    Attempts tried = attempts.computeIfAbsent(node.id().value(), id -> new Attempts());
    if (node.releasing()) {
      return tried.due(true);
    }
    if (node.fault().isPresent()) {
      return false;
    }
    if (runs(node)) {
      tried.alive();
      return false;
    }
    return tried.due(false);
  }

  private void tend(NodeRecord node, String id) {
    Attempts tried = attempts.computeIfAbsent(id, key -> new Attempts());
    try {
      if (node.releasing()) {
        remove(node, tried);
      } else {
        launch(node, tried);
      }
      troubles.remove(id);
    } catch (BadRelease e) {
      LOG.error("event=node_failed node={} reason=\"{}\"", id, e.getMessage());
      record(node.failed(OnpremErrors.fault(e)));
    } catch (IOException | RuntimeException e) {
      if (!closed) {
        tried.failed();
        troubles.put(id, OnpremErrors.fault(e));
        LOG.warn("event=node_trouble node={} retry=later reason=\"{}\"", id, e.getMessage());
      }
    } finally {
      busy.remove(id);
    }
  }

  private void launch(NodeRecord node, Attempts tried) throws IOException, BadRelease {
    Path program = releases.program(node.release());
    try (FolderLock.Held held = locked()) {
      Optional<NodeRecord> now = folders.read(node.installation(), node.key());
      if (closed || now.isEmpty() || now.get().releasing() || runs(node)) {
        return;
      }
      tried.started();
      Process process = process(node).start(program, now.get(), machines, folders.tokenFile(node));
      LOG.info(
          "event=worker_started node={} pid={} release={} start={}",
          node.id(),
          process.pid(),
          node.release().version(),
          tried.count());
      awaitIdentity(node, process);
    }
  }

  /** Until the new process has written down who it is, a look at it would find it dead. */
  private void awaitIdentity(NodeRecord node, Process process) throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    boolean interrupted = false;
    while (!runs(node) && process.isAlive() && System.nanoTime() < end) {
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        // A moment more: who looks next must find the process that was started.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (!runs(node) && process.isAlive()) {
      process.destroyForcibly();
      throw new IOException("the worker's process did not start within 10 s");
    }
  }

  private void remove(NodeRecord node, Attempts tried) throws IOException {
    Path program = null;
    if (tried.misses() >= PATIENCE) {
      LOG.error(
          "event=node_removed_by_force node={} remedy=\"look for containers of it that are left\"",
          node.id());
    } else if (releases.has(node.release())) {
      try {
        program = releases.program(node.release());
      } catch (BadRelease e) {
        LOG.debug("event=release_without_program node={}", node.id());
      }
    }
    process(node).remove(program);
    try (FolderLock.Held held = locked()) {
      folders.remove(node);
      Set<String> kept = new HashSet<>();
      folders.all().forEach(other -> kept.add(other.release().sha256()));
      // The last one is kept for the next node: it is wanted again more often than not.
      kept.add(node.release().sha256());
      releases.keep(kept);
    }
    LOG.info("event=node_released node={}", node.id());
  }

  private void record(NodeRecord node) {
    try (FolderLock.Held held = locked()) {
      Optional<NodeRecord> now = folders.read(node.installation(), node.key());
      if (now.isPresent() && !now.get().releasing()) {
        folders.write(node);
      }
    } catch (IOException e) {
      LOG.warn("event=node_record_not_written node={} retry=later", node.id(), e);
    }
  }

  private FolderLock.Held locked() throws IOException {
    return lock.take(LOCK_TIME)
        .orElseThrow(() -> new IOException("the folder of the nodes is in use by another master"));
  }
}
