package dev.millrace.engine.upkeep;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes for good what users deleted long enough ago: bytes first, then rows, so that a death in
 * between leaves rows by which the next pass finds what is left. What lies in a store that is away
 * waits for it.
 */
final class Removal {
  private static final Logger log = LoggerFactory.getLogger(Removal.class);
  private static final Scope ALL = new Scope.Everything();
  private static final int BATCH = 500;

  /** How long one pass may take; the next goes on. */
  private static final Duration PASS = Duration.ofSeconds(30);

  private final Database database;
  private final Blobs blobs;
  private final CodeSource source;
  private final Leadership leadership;
  private final Clock clock;

  Removal(Database database, Blobs blobs, CodeSource source, Leadership leadership, Clock clock) {
    this.database = database;
    this.blobs = blobs;
    this.source = source;
    this.leadership = leadership;
    this.clock = clock;
  }

  /** One pass over what was deleted before that time. */
  void pass(Instant before) {
    Instant end = clock.instant().plus(PASS);
    executions(before, end);
    for (Project project : database.read(s -> s.projects().deleted(before, BATCH))) {
      if (clock.instant().isAfter(end)) {
        return;
      }
      try {
        project(project.id(), end);
      } catch (StoreUnavailable e) {
        log.debug("upkeep=waiting project={} reason=\"{}\"", project.id(), e.getMessage());
      }
    }
  }

  private void executions(Instant before, Instant end) {
    int removed = 0;
    int waiting = 0;
    List<Execution> some;
    do {
      Slice slice = new Slice(waiting, BATCH);
      some = database.read(s -> s.executions().removable(before, slice));
      for (Execution execution : some) {
        if (execution(execution)) {
          removed++;
        } else {
          waiting++;
        }
      }
    } while (some.size() == BATCH && clock.instant().isBefore(end));
    if (removed > 0) {
      log.info("upkeep=removed what=\"deleted executions\" count={}", removed);
    }
  }

  private boolean execution(Execution execution) {
    try {
      if (execution.log().isPresent()) {
        SealedLog sealed = execution.log().get();
        delete(sealed.store(), sealed.key());
        delete(sealed.store(), sealed.indexKey());
      }
    } catch (StoreUnavailable e) {
      log.debug("upkeep=waiting execution={} reason=\"{}\"", execution.id(), e.getMessage());
      return false;
    }
    rows(s -> s.executions().remove(execution.id()));
    return true;
  }

  /** Once its executions are gone: its files, its code, and then the project itself. */
  private void project(ProjectId id, Instant end) {
    if (left(id) > 0) {
      return;
    }
    List<Datum> files;
    while (!(files = files(id)).isEmpty()) {
      for (Datum file : files) {
        if (file.purgedAt().isEmpty()) {
          delete(file.store(), file.key());
        }
        rows(s -> s.data().remove(file.id()));
      }
      if (clock.instant().isAfter(end)) {
        return;
      }
    }
    List<Commit> commits;
    while (!(commits = commits(id)).isEmpty()) {
      for (Commit commit : commits) {
        // An archive under another key is of a time when projects shared them.
        Optional<CodeArchive> own =
            commit.archive().filter(a -> a.key().startsWith(CodeArchive.prefix(id)));
        own.ifPresent(archive -> delete(archive.store(), archive.key()));
        rows(s -> s.commits().remove(commit.id()));
      }
      if (clock.instant().isAfter(end)) {
        return;
      }
    }
    try {
      source.forget(id);
    } catch (SourceException e) {
      log.warn("upkeep=waiting project={} reason=\"{}\"", id, e.getMessage());
      return;
    }
    rows(s -> s.projects().remove(id));
    log.info("upkeep=removed project={}", id);
  }

  private long left(ProjectId id) {
    ExecutionFilter its =
        new ExecutionFilter(
            Optional.of(id),
            Set.of(),
            Set.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            ExecutionFilter.Order.COUNTER);
    return database.read(s -> s.executions().keys(ALL, its, Slice.first(0)).total());
  }

  private List<Datum> files(ProjectId id) {
    DatumFilter its =
        new DatumFilter(
            Optional.of(id),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false);
    return database.read(s -> s.data().list(ALL, its, Slice.first(BATCH)).items());
  }

  private List<Commit> commits(ProjectId id) {
    return database.read(
        s -> s.commits().list(ALL, Optional.of(id), Optional.empty(), Slice.first(BATCH)).items());
  }

  /** What lies in a store whose row is gone cannot be reached any more, and counts as deleted. */
  private void delete(StoreId store, String key) {
    leadership.check();
    database
        .read(s -> s.dataStores().find(ALL, store))
        .ifPresent(found -> blobs.delete(found, key));
  }

  private void rows(Consumer<Session> work) {
    leadership.transact(
        session -> {
          work.accept(session);
          return true;
        });
  }
}
