package dev.millrace.worker.run;

import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.runtime.RunPipes;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One execution here: prepares, starts or adopts, watches, reports, and waits until it is sealed.
 */
public final class Run {
  private static final Logger LOG = LoggerFactory.getLogger(Run.class);
  private static final Duration PATIENCE = Duration.ofDays(7);
  private static final long BROKE_MILLIS = 1_000;
  private static final Duration LOOK = Duration.ofSeconds(2);

  private final RunContext context;
  private final Assignment assignment;
  private final RunFolder folder;
  private final RunStore store;
  private final Consumer<Run> finished;
  private final RunPipes pipes;
  private final RunLog log;
  private final LogShipper shipper;
  private final MasterCalls calls;
  private final RunOutputs outputs;
  private final RunOrders orders = new RunOrders();
  private volatile RunState state;
  private @Nullable RunHandle handle;

  private Run(RunContext context, Assignment assignment, RunStore store, Consumer<Run> finished)
      throws IOException {
    this.context = context;
    this.assignment = assignment;
    this.store = store;
    this.folder = store.folder();
    this.finished = finished;
    this.state = store.state();
    if (state.stopped()) {
      orders.stop();
    }
    List<String> secrets =
        assignment.environment().stream()
            .filter(Assignment.Variable::secret)
            .map(Assignment.Variable::value)
            .toList();
    Files.createDirectories(folder.logs());
    this.pipes = new RunPipes(folder);
    this.log = new RunLog(folder.logs(), secrets, assignment.limits().logBytes(), context.clock());
    this.calls = new MasterCalls(assignment.executionId(), orders::abandoned);
    this.outputs = new RunOutputs(context, assignment, folder, log::status, orders);
    this.shipper =
        new LogShipper(
            log,
            context.master(),
            assignment.executionId(),
            assignment.lease(),
            folder.logs(),
            e -> orders.abandon());
  }

  /** Takes over a new assignment; {@code finished} is called when nothing is left of the run. */
  public static Run begin(
      RunContext context, Assignment assignment, Path root, Consumer<Run> finished)
      throws IOException {
    RunStore store = new RunStore(new RunFolder(root), context.json());
    store.create(assignment);
    return started(new Run(context, assignment, store, finished));
  }

  /** Takes up a run that an earlier worker in the same folder began. */
  public static Run resume(RunContext context, Path root, Consumer<Run> finished)
      throws IOException {
    RunStore store = new RunStore(new RunFolder(root), context.json());
    return started(new Run(context, store.assignment(), store, finished));
  }

  private static Run started(Run run) {
    run.shipper.start();
    Essential.start("run-" + run.assignment.executionId(), run::live);
    return run;
  }

  /** The execution's id. */
  public String executionId() {
    return assignment.executionId();
  }

  /** Whether it holds its slot: until its last process has gone. */
  public boolean holdsSlot() {
    return state.phase().compareTo(RunState.Phase.UPLOADING) < 0;
  }

  /** Whether it has anything left to do but to wait for its log to be sealed. */
  public boolean busy() {
    return state.phase() != RunState.Phase.SETTLED;
  }

  /** Ends it because it leaves the machine no space; the reason is told in its log. */
  public void outOfSpace() {
    orders.outOfSpace();
  }

  /** Bytes that its folder takes on the disk. */
  public long bytes() {
    return TreeSize.bytes(folder.root(), LOOK);
  }

  /** Its line in a beat. */
  public Wire.BeatRun beat() {
    String phase =
        switch (state.phase()) {
          case PREPARING -> "preparing";
          case RUNNING -> "running";
          case UPLOADING -> "uploading";
          case SETTLED -> "settled";
        };
    return new Wire.BeatRun(assignment.executionId(), assignment.lease(), phase);
  }

  /** Takes an order of the master; one that was given before changes nothing. */
  public void order(String order) {
    switch (order) {
      case "stop" -> orders.stop();
      case "kill" -> orders.kill();
      case "abandon" -> orders.abandon();
      case "sealed" -> orders.seal();
      default -> {
        // "continue", or a word of a later version.
      }
    }
  }

  private void live() {
    boolean clean = false;
    Backoff backoff = Backoff.standard();
    try {
      while (!clean) {
        clean = passed(backoff);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      close(clean);
    }
  }

  /**
   * Whether it has come to its end; what breaks is taken up again where it was, as by a restart.
   */
  private boolean passed(Backoff backoff) throws InterruptedException {
    try {
      pass();
      return true;
    } catch (MasterException.LeaseGone | MasterException.CredentialRefused e) {
      LOG.warn("run abandoned execution={} reason={}", executionId(), e.getMessage());
      return true;
    } catch (IOException | RuntimeException e) {
      if (orders.abandoned()) {
        return true;
      }
      LOG.error(
          "run broke and is taken up again execution={} folder={}",
          executionId(),
          folder.root(),
          e);
      Thread.sleep(backoff.next().toMillis() + BROKE_MILLIS);
      return false;
    }
  }

  private void pass() throws IOException, InterruptedException {
    if (state.phase() == RunState.Phase.PREPARING || state.phase() == RunState.Phase.RUNNING) {
      Wire.Ended ended = execute();
      orders.throwIfAbandoned();
      makeRoom();
      save(state.ended(ended));
      LOG.info(
          "run ended execution={} exitCode={} reason={} stopped={}",
          executionId(),
          ended.exitCode(),
          ended.reason(),
          ended.stopped());
      if (ended.detail() != null) {
        log.status(ended.detail());
      }
    }
    if (state.phase() == RunState.Phase.UPLOADING) {
      log.receive(pipes);
      Wire.Ended ended = state.ended();
      orders.ended(ended != null && ended.stopped());
      if (ended != null) {
        report(
            "ended",
            () -> context.master().ended(executionId(), assignment.lease(), ended),
            () -> context.master().ended(executionId(), assignment.lease(), plain(ended)));
      }
      forget();
      String problem = read();
      shipper.streamsEnded();
      settle(problem);
    }
    if (state.phase() == RunState.Phase.SETTLED) {
      orders.awaitSealed();
    }
  }

  /** Nothing of the run writes any more: what the worker has to write finds the reserve. */
  private void makeRoom() {
    if (context.disk().tight()) {
      String words = context.disk().words();
      context.disk().release();
      log.status(words + " What the run wrote last may be missing.");
    }
  }

  private Wire.Ended execute() throws IOException, InterruptedException {
    RunRuntime runtime = context.runtimes().get(assignment.runtime());
    if (runtime == null) {
      return failed(
          "image",
          "This worker has no runtime '"
              + assignment.runtime()
              + "'. Choose another worker group, or let the operator allow it with --runtimes.");
    }
    RunSpec spec = new RunSpec(assignment, folder, log::status, orders::stopping);
    boolean began = state.phase() == RunState.Phase.RUNNING;
    try {
      if (state.phase() == RunState.Phase.PREPARING) {
        LOG.info("run prepares execution={} runtime={}", executionId(), runtime.name());
        prepare(spec, runtime);
        if (orders.stopping()) {
          return new Wire.Ended(null, null, "Stopped before it began.", true, null);
        }
        pipes.create(runtime.layout(folder, executionId()).uid());
        save(state.started(micros(context.clock().instant())));
      }
      receive(began);
      if (handle == null) {
        log.quietFromNow();
      }
      RunHandle running = runtime.launch(spec);
      handle = running;
      LOG.info("run started execution={}", executionId());
      return watch(running);
    } catch (RunFailure e) {
      return failed(e.reason(), e.getMessage());
    } catch (LaunchException e) {
      return failed(e.reason(), e.getMessage());
    } catch (MasterException.LeaseGone | MasterException.CredentialRefused e) {
      throw e;
    } catch (IOException e) {
      if (began || handle != null) {
        // Its processes may live: it has not ended, and is taken up again.
        throw e;
      }
      LOG.warn("preparation failed execution={}", executionId(), e);
      String why = context.disk().tight() ? context.disk().words() : e.getMessage();
      return failed("input", "The run could not be prepared: " + why);
    }
  }

  /** What runs already is watched also while its output has to wait. */
  private void receive(boolean began) throws IOException {
    try {
      log.receive(pipes);
    } catch (IOException e) {
      if (!began) {
        throw e;
      }
      LOG.warn("output of a run waits execution={} error={}", executionId(), e.toString());
    }
  }

  private void prepare(RunSpec spec, RunRuntime runtime)
      throws RunFailure, LaunchException, IOException, InterruptedException {
    try (Readings.Reading reading = context.readings().begin(folder.root())) {
      if (reading.givenUp()) {
        throw new RunFailure(
            "input",
            "The worker ended three times while it prepared this run, and does not try it again."
                + " Look for what is unusual in its code and inputs, or use a larger machine.");
      }
      MasterCalls waiting = new MasterCalls(executionId(), orders::stopping);
      Duration grace = Duration.ofSeconds(Math.max(1, assignment.limits().stopGraceSeconds()));
      try {
        new Stoppable("prepare-" + executionId(), () -> orders.graceLeft(grace))
            .run(new Preparation(context, spec, runtime, waiting)::prepare);
      } catch (Error e) {
        reading.broke();
        throw e;
      }
    }
  }

  private Wire.Ended failed(String reason, @Nullable String detail) {
    if (orders.stopping()) {
      return new Wire.Ended(null, null, "Stopped before it began.", true, null);
    }
    return new Wire.Ended(null, reason, detail, false, null);
  }

  private Wire.Ended watch(RunHandle running) throws IOException, InterruptedException {
    new Watch(
            running,
            assignment.limits(),
            orders,
            log,
            outputs.live()::look,
            () -> micros(context.clock().instant()) - state.startedMicros(),
            this::stopping)
        .untilGone();
    Wire.Ended ended =
        EndWords.of(
            running.exit(),
            orders.stopOrdered(),
            state.stopReason(),
            assignment.limits(),
            running.image());
    return context.disk().tight() ? EndWords.onFullDisk(ended, context.disk().words()) : ended;
  }

  /** Why it is being stopped is worth a note, but no reason to let it go on. */
  private void stopping(@Nullable String reason) {
    try {
      save(state.stopping(orders.stopOrdered(), reason));
    } catch (IOException e) {
      LOG.warn("reason of the stop not kept execution={} error={}", executionId(), e.toString());
    }
  }

  /** The slot is free; now there is time to remove what the runtime keeps. */
  private void forget() {
    RunHandle running = handle;
    try {
      if (running != null) {
        running.remove();
      }
    } catch (IOException e) {
      LOG.warn("what the run leaves is removed later execution={}", executionId(), e);
    }
  }

  /** Brings the outputs to the store, unless reading them has ended this worker too often. */
  private @Nullable String read() throws IOException, InterruptedException {
    try (Readings.Reading reading = context.readings().begin(folder.root())) {
      if (!reading.givenUp()) {
        try {
          return outputs.upload(reading::harmless);
        } catch (Error e) {
          reading.broke();
          throw e;
        }
      }
      String words =
          "The worker ended three times while it read the outputs of this run, and does not read"
              + " them again. Fewer and smaller files and metadata need less of its memory.";
      log.status(words);
      return words;
    }
  }

  private void settle(@Nullable String problem) throws IOException, InterruptedException {
    Map<String, Long> offsets = shipper.awaitShipped();
    orders.throwIfAbandoned();
    if (offsets == null) {
      throw new InterruptedException();
    }
    Wire.Settled settled = new Wire.Settled(offsets, problem == null ? null : "output", problem);
    Wire.Settled plain = new Wire.Settled(offsets, settled.reason(), null);
    report(
        "settled",
        () -> context.master().settled(executionId(), assignment.lease(), settled),
        () -> context.master().settled(executionId(), assignment.lease(), plain));
    save(state.settled(problem));
    LOG.info("run settled execution={}", executionId());
  }

  /** A report that is refused with as little in it as can be leaves the run to the master. */
  private void report(String what, MasterCalls.Report whole, MasterCalls.Report plain)
      throws IOException, InterruptedException {
    if (!calls.report(what, PATIENCE, whole, plain)) {
      orders.abandon();
      orders.throwIfAbandoned();
    }
  }

  private static Wire.Ended plain(Wire.Ended ended) {
    return new Wire.Ended(ended.exitCode(), ended.reason(), null, ended.stopped(), null);
  }

  private void save(RunState next) throws IOException {
    state = next;
    store.save(next);
  }

  private static long micros(Instant time) {
    return time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
  }

  /** A clean end leaves nothing; after any other the folder stays for the next worker. */
  private void close(boolean clean) {
    shipper.close();
    try {
      RunHandle running = handle;
      if (clean && running != null) {
        running.kill();
        if (running.awaitGone(Duration.ofSeconds(30))) {
          running.remove();
        }
      }
      log.close();
      if (clean) {
        pipes.release();
        context.trash().take(folder.root());
        LOG.info("run removed execution={}", executionId());
      }
    } catch (IOException e) {
      LOG.error("cannot remove folder={}; remove it by hand", folder.root(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      finished.accept(this);
    }
  }
}
