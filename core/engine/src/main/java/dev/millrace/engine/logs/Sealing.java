package dev.millrace.engine.logs;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
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
  private static final int BATCH = 50;
  private static final Scope EVERYTHING = new Scope.Everything();
  private static final Set<LogStream> ALL = EnumSet.allOf(LogStream.class);

  private final Database database;
  private final FileLogs live;
  private final Blobs blobs;
  private final Settings settings;
  private final Clock clock;
  private final Loop loop;

  @Activate
  public Sealing(
      @Reference Database database,
      @Reference FileLogs live,
      @Reference Blobs blobs,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.live = live;
    this.blobs = blobs;
    this.settings = settings;
    this.clock = clock;
    this.loop = Loop.start("log-sealing", PAUSE, this::tick);
  }

  @Deactivate
  void close() {
    loop.close();
  }

  /** Seals what has settled; what cannot be sealed now is tried again. */
  void tick() {
    for (Execution execution : database.read(s -> s.executions().unsealed(BATCH))) {
      try {
        seal(execution);
      } catch (StoreUnavailable e) {
        log.warn("log store missing, logs stay here reason=\"{}\"", e.getMessage());
        return;
      } catch (IOException | UncheckedIOException e) {
        log.error(
            "log cannot be sealed, it stays below the data folder execution={}", execution.id(), e);
      }
    }
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
      blobs.ensure(store.get(), key, file);
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
      if (files.isPresent()) {
        try (LiveLogView view = files.get().open(0, ALL, true)) {
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
