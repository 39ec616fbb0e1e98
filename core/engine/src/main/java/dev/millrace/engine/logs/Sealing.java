package dev.millrace.engine.logs;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the logs of settled executions into the log store, and only then forgets the live files.
 * The log store is the one that {@code millrace.log.store} names, else the installation's oldest.
 */
@Component(service = Sealing.class, immediate = true)
public final class Sealing {
  private static final Logger log = LoggerFactory.getLogger(Sealing.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final int BATCH = 500;

  /** What the master says of an end is in the log by then. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  /** A log that another master holds is that one's to seal, unless it never does. */
  private static final Duration ELSEWHERE = Duration.ofMinutes(10);

  private static final Scope EVERYTHING = new Scope.Everything();
  private static final Set<LogStream> ALL = EnumSet.allOf(LogStream.class);

  private final Database database;
  private final FileLogs live;
  private final Blobs blobs;
  private final Settings settings;
  private final Clock clock;
  private final Optional<Loop> loop;
  private boolean swept;

  @Activate
  public Sealing(
      @Reference Database database,
      @Reference FileLogs live,
      @Reference Blobs blobs,
      @Reference Settings settings,
      @Reference Clock clock) {
    this(database, live, blobs, settings, clock, true);
  }

  /** One whose ticks may be called by hand. */
  public Sealing(
      Database database,
      FileLogs live,
      Blobs blobs,
      Settings settings,
      Clock clock,
      boolean looping) {
    this.database = database;
    this.live = live;
    this.blobs = blobs;
    this.settings = settings;
    this.clock = clock;
    this.loop =
        looping ? Optional.of(Loop.start("log-sealing", PAUSE, this::tick)) : Optional.empty();
  }

  @Deactivate
  void close() {
    loop.ifPresent(Loop::close);
  }

  /** Seals what has settled; what cannot be sealed now is tried again. */
  public void tick() {
    if (!swept) {
      forgetSealed();
      swept = true;
    }
    for (Execution execution : database.read(s -> s.executions().unsealed(BATCH))) {
      try {
        if (mayBeSealedHere(execution)) {
          seal(execution);
        }
      } catch (StoreUnavailable e) {
        log.warn("log store missing, logs stay here reason=\"{}\"", e.getMessage());
        return;
      } catch (IOException | UncheckedIOException e) {
        log.error(
            "log cannot be sealed, it stays below the data folder execution={}", execution.id(), e);
      }
    }
  }

  /** A master that was killed after a log was sealed left its live files behind. */
  private void forgetSealed() {
    try {
      live.clearScratch();
    } catch (IOException e) {
      log.warn("half sealed logs cannot be removed reason=\"{}\"", e.toString());
    }
    for (ExecutionId id : live.all()) {
      boolean sealed =
          database
              .read(s -> s.executions().find(EVERYTHING, id))
              .flatMap(Execution::log)
              .isPresent();
      if (sealed) {
        try {
          live.remove(id);
          log.info("sealed log forgotten here execution={}", id);
        } catch (IOException e) {
          log.error("the live log of a sealed one cannot be removed execution={}", id, e);
        }
      }
    }
  }

  private boolean mayBeSealedHere(Execution execution) {
    Instant now = clock.instant();
    Instant settled = execution.settledAt().orElse(now);
    if (settled.isAfter(now.minus(LAST_WORDS))) {
      return false;
    }
    LogLengths whole = execution.logLengths().orElse(new LogLengths(0, 0, 0));
    boolean here = live.find(execution.id()).isPresent();
    LogLengths have = here ? live.lengths(execution.id()) : new LogLengths(0, 0, 0);
    if (have.stdout() >= whole.stdout()
        && have.stderr() >= whole.stderr()
        && have.status() >= whole.status()) {
      return true;
    }
    if (settled.isAfter(now.minus(ELSEWHERE))) {
      return false;
    }
    if (!here) {
      live.note(execution.id(), "The log is lost: no master has it any more.");
    }
    return true;
  }

  private void seal(Execution execution) throws IOException {
    Optional<DataStore> store = database.read(this::store);
    if (store.isEmpty()) {
      throw new StoreUnavailable("No data store of the installation can keep logs");
    }
    String key = "logs/" + execution.project() + "/" + execution.id() + "/log.jsonl.gz";
    String indexKey = "logs/" + execution.project() + "/" + execution.id() + "/index.json";
    Path file = live.scratch(execution.id());
    try {
      LogIndex index = write(execution, file);
      // Written again after a death in between: the bytes and their index must be of one seal.
      try (InputStream body = new BufferedInputStream(Files.newInputStream(file))) {
        blobs.write(store.get(), key, body, Files.size(file));
      }
      byte[] text = index.bytes();
      blobs.write(store.get(), indexKey, new ByteArrayInputStream(text), text.length);
      SealedLog sealed = new SealedLog(store.get().id(), key, indexKey, index.records());
      if (record(execution, sealed)) {
        live.remove(execution.id());
        log.info("log sealed execution={} records={}", execution.id(), index.records());
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private LogIndex write(Execution execution, Path file) throws IOException {
    LogLengths lengths = execution.logLengths().orElse(new LogLengths(0, 0, 0));
    try (SealedFile sealed = new SealedFile(file)) {
      Optional<LiveLog> files = live.find(execution.id());
      Optional<LiveLogView> found =
          files.isPresent() ? files.get().open(0, ALL, true) : Optional.empty();
      if (found.isPresent()) {
        try (LiveLogView view = found.get()) {
          view.records(0, sealed::add);
        }
      }
      return sealed.finish(lengths);
    }
  }

  private boolean record(Execution execution, SealedLog sealed) {
    Instant now = clock.instant();
    return database.transact(
        s ->
            s.executions()
                .update(
                    ExecutionChange.of(execution).log(sealed).withoutLease().at(now),
                    new Fact(
                        execution.id(),
                        execution.version() + 1,
                        "LogSealed",
                        now,
                        "{\"records\":" + sealed.records() + "}",
                        Optional.empty())));
  }

  private Optional<DataStore> store(Session session) {
    return settings
        .text("millrace.log.store")
        .flatMap(name -> session.dataStores().byName(EVERYTHING, name))
        .or(
            () ->
                session.dataStores().list(EVERYTHING, Slice.first(1_000)).items().stream()
                    .filter(s -> s.owner().isEmpty())
                    .findFirst());
  }
}
