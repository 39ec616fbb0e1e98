package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.InputId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.logs.LiveLogs;
import dev.millrace.engine.loop.Deposed;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.Session;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends executions whose worker is lost and, where {@code autorestart} is set, submits them again:
 * once, as a new execution, in the transaction that ends the old one.
 */
@Component(service = LostRuns.class, immediate = true)
public final class LostRuns {
  private static final Logger log = LoggerFactory.getLogger(LostRuns.class);

  /** The input of a restart that holds what the lost run had put out. */
  static final String INPUT = "_restart";

  private static final int PAGE = 5_000;

  /** What the files of {@link #INPUT} may take of the spec, which is read and written whole. */
  static final long MOST_BYTES = 8 << 20;

  /** An entry without its name: its address twice, its id and the words around them. */
  private static final int ENTRY_BYTES = 200;

  private final Database database;
  private final LiveLogs logs;
  private final Queue queue;
  private final InstallationKey key;
  private final Settings settings;
  private final Clock clock;
  private final Uuid7 ids;

  @Activate
  public LostRuns(
      @Reference Database database,
      @Reference LiveLogs logs,
      @Reference Queue queue,
      @Reference InstallationKey key,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.logs = logs;
    this.queue = queue;
    this.key = key;
    this.settings = settings;
    this.clock = clock;
    this.ids = new Uuid7(clock);
  }

  /**
   * Takes the lease away and ends the execution, unless it changed since it was read or its worker
   * has beaten meanwhile.
   */
  void end(Execution execution, long beat) {
    Instant now = clock.instant();
    Optional<Ending> ended;
    try {
      ended = endOrGiveUpRestart(execution, beat, now);
    } catch (Heard e) {
      return;
    }
    if (ended.isEmpty()) {
      return;
    }
    log.warn(
        "execution ended, its worker is lost execution={} worker={} restart={}",
        execution.id(),
        execution.lease().map(l -> l.worker().toString()).orElse(""),
        ended.get().restart().map(r -> r.id().toString()).orElse("none"));
    logs.note(execution.id(), "The worker was lost: what it had not sent of the log is missing.");
    ended
        .get()
        .restart()
        .ifPresent(r -> logs.note(execution.id(), "It is run again as #" + r.counter() + "."));
    queue.offer(execution.environment(), execution.id());
  }

  /** What became of a lost run. */
  private record Ending(Optional<Execution> restart) {}

  /**
   * Whether it is run again.
   *
   * @param why it is not although it was asked for, for users; empty where it was not asked for
   */
  private record Again(Optional<Execution> restart, String why) {
    static Again not(String why) {
      return new Again(Optional.empty(), why);
    }
  }

  /** A run whose restart cannot be made must still end, or it would hold its slot for ever. */
  private Optional<Ending> endOrGiveUpRestart(Execution execution, long beat, Instant now) {
    if (wanted(execution)) {
      try {
        return database.transact(s -> end(s, execution, beat, now, restart(s, execution, now)));
      } catch (Heard | DatabaseUnavailable | Deposed e) {
        throw e;
      } catch (RuntimeException e) {
        log.error("a lost execution could not be run again execution={}", execution.id(), e);
        Again not = Again.not("Making its restart failed; the log of the master says how. ");
        return database.transact(s -> end(s, execution, beat, now, not));
      }
    }
    return database.transact(s -> end(s, execution, beat, now, Again.not("")));
  }

  /** Beats leave the row's version: whoever has beaten since keeps the run. */
  private Optional<Ending> end(
      Session session, Execution execution, long beat, Instant now, Again again) {
    Optional<Execution> restart = again.restart();
    ExecutionChange change =
        ExecutionChange.of(execution)
            .status(ExecutionStatus.ERROR)
            .reason(execution.reason().orElse(ReasonCode.WORKER_LOST))
            .endedAt(execution.endedAt().orElse(now))
            .settledAt(now)
            .logLengths(logs.lengths(execution.id()))
            .statusDetail(
                execution.reason().isPresent() ? execution.statusDetail() : words(execution, again))
            .withoutLease();
    restart.ifPresent(r -> change.restartedAs(r.id()));
    Map<String, String> data =
        restart.map(r -> Map.of("restartedAs", r.id().toString())).orElse(Map.of());
    if (!session
        .executions()
        .update(change.at(now), Leases.fact(execution, "LeaseLost", now, data))) {
      // A number of the project may have been taken: the transaction gives it back.
      return restart.isEmpty() ? Optional.empty() : heard();
    }
    // From here on the row is locked, so that no beat can come in between.
    if (session.executions().beat(execution.id()) != beat) {
      return heard();
    }
    restart.ifPresent(r -> session.executions().insert(r, submitted(r, execution)));
    return Optional.of(new Ending(restart));
  }

  private static Optional<Ending> heard() {
    throw new Heard();
  }

  private String words(Execution execution, Again again) {
    String lost =
        "Its worker has not been heard of for " + settings.workerLost().toSeconds() + " s. ";
    if (again.restart().isPresent()) {
      return lost + "It is run again as #" + again.restart().get().counter() + ".";
    }
    return lost
        + again.why()
        + (execution.restartOf().isPresent() ? "It was a restart already. " : "")
        + "Look at the machine, then run it again.";
  }

  /** One that is a restart itself may well be what takes its machines down. */
  private static boolean wanted(Execution lost) {
    return lost.spec().autorestart()
        && lost.reason().isEmpty()
        && lost.stop() == StopOrder.NONE
        && lost.restartOf().isEmpty()
        && lost.restartedAs().isEmpty();
  }

  private Again restart(Session session, Execution lost, Instant now) {
    Optional<Project> project =
        session
            .projects()
            .find(Leases.EVERYTHING, lost.project())
            .filter(p -> p.deletedAt().isEmpty());
    if (project.isEmpty()) {
      return Again.not("");
    }
    Optional<List<ExecutionInput>> inputs = inputs(session, lost);
    if (inputs.isEmpty()) {
      return Again.not(
          "It is not run again: it had put out so many files that their list takes more than "
              + (MOST_BYTES >> 20)
              + " MiB. ");
    }
    ExecutionId id = new ExecutionId(ids.next());
    ExecutionSpec spec = lost.spec().with(inputs.get(), variables(lost, id));
    return new Again(
        Optional.of(
            new Execution(
                id,
                lost.project(),
                session.projects().nextExecutionCounter(lost.project()),
                lost.title(),
                lost.tags(),
                lost.creator(),
                lost.environment(),
                lost.priority(),
                spec,
                ExecutionStatus.CREATED,
                Optional.empty(),
                "",
                Optional.of("It is the restart of #" + lost.counter() + ", whose worker was lost"),
                Optional.empty(),
                Optional.empty(),
                StopOrder.NONE,
                Optional.empty(),
                now,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(lost.id()),
                Optional.empty(),
                now,
                Optional.empty(),
                1)),
        "");
  }

  private static Fact submitted(Execution restart, Execution lost) {
    return new Fact(
        restart.id(),
        1,
        "Submitted",
        restart.createdAt(),
        Wire.text(Map.of("restartOf", lost.id().toString())),
        Optional.empty());
  }

  /** Those of the lost run, and what it had put out; empty if that is too much. */
  private Optional<List<ExecutionInput>> inputs(Session session, Execution lost) {
    List<InputFile> files = new ArrayList<>();
    List<String> uris = new ArrayList<>();
    Optional<DatumId> after = Optional.empty();
    long bytes = 0;
    List<Datum> page;
    do {
      page = session.data().outputs(lost.id(), after, PAGE);
      for (Datum datum : page) {
        after = Optional.of(datum.id());
        if (datum.purgedAt().isEmpty()) {
          bytes += ENTRY_BYTES + Wire.text(datum.name()).getBytes(StandardCharsets.UTF_8).length;
          if (bytes > MOST_BYTES) {
            return Optional.empty();
          }
          uris.add("datum://" + datum.id());
          files.add(new InputFile(datum.name(), "datum://" + datum.id(), Optional.of(datum.id())));
        }
      }
    } while (page.size() == PAGE);
    List<ExecutionInput> inputs =
        new ArrayList<>(
            lost.spec().inputs().stream().filter(i -> !i.name().equals(INPUT)).toList());
    inputs.add(new ExecutionInput(new InputId(ids.next()), INPUT, uris, files, "full"));
    return Optional.of(inputs);
  }

  /** Secrets are sealed for one execution alone, so they are sealed anew. */
  private List<EnvironmentValue> variables(Execution lost, ExecutionId id) {
    return lost.spec().environmentVariables().stream()
        .map(
            variable ->
                new EnvironmentValue(
                    variable.name(),
                    variable.value(),
                    variable
                        .sealed()
                        .map(text -> key.unseal(text, EnvironmentValue.context(lost.id())))
                        .map(secret -> key.seal(secret, EnvironmentValue.context(id)))))
        .toList();
  }

  /** The worker lives after all, or another master was quicker. */
  private static final class Heard extends RuntimeException {
    private static final long serialVersionUID = 1;
  }
}
