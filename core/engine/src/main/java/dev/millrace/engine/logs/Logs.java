package dev.millrace.engine.logs;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.spi.storage.ByteRange;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Reads a log where it is: in live files, or in the log store once it is sealed. */
@Component(service = LogReader.class, immediate = true)
public final class Logs implements LogReader {
  private final Database database;
  private final FileLogs live;
  private final Blobs blobs;

  @Activate
  public Logs(@Reference Database database, @Reference FileLogs live, @Reference Blobs blobs) {
    this.database = database;
    this.live = live;
    this.blobs = blobs;
  }

  @Override
  public LogView open(Execution execution, int limit, Set<LogStream> streams) {
    if (limit < 0) {
      throw new IllegalArgumentException("limit must not be negative");
    }
    Optional<SealedLog> sealed = execution.log();
    if (sealed.isEmpty()) {
      Optional<LiveLogView> files = openLive(execution, limit, streams);
      if (files.isPresent()) {
        return files.get();
      }
      // The row may be older than the seal.
      sealed =
          database
              .read(s -> s.executions().find(new Scope.Everything(), execution.id()))
              .flatMap(Execution::log);
    }
    return sealed.isPresent() ? openSealed(sealed.get(), limit, streams) : new Empty();
  }

  @Override
  public LogTail follow(LogPosition from) {
    return new Tail(database, live, blobs, from);
  }

  private Optional<LiveLogView> openLive(Execution execution, int limit, Set<LogStream> streams) {
    try {
      Optional<LiveLog> log = live.find(execution.id());
      return log.isPresent()
          ? log.get().open(limit, streams, execution.settledAt().isPresent())
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("the live log could not be opened", e);
    }
  }

  private LogView openSealed(SealedLog sealed, int limit, Set<LogStream> streams) {
    DataStore store = SealedLogs.store(database, sealed);
    LogIndex index = SealedLogs.index(blobs, store, sealed);
    long total = index.total(streams);
    if (total == 0) {
      return new Empty();
    }
    long skip = limit > 0 ? Math.max(0, total - limit) : 0;
    List<LogIndex.Member> members = index.members();
    int first = 0;
    while (skip > 0 && members.get(first).count(streams) <= skip) {
      skip -= members.get(first).count(streams);
      first++;
    }
    InputStream body =
        SealedLogs.body(blobs, store, sealed, ByteRange.from(members.get(first).at()));
    return new SealedLogView(body, streams, total, skip, limit);
  }

  /** A log without lines. */
  private static final class Empty implements LogView {
    @Override
    public long total() {
      return 0;
    }

    @Override
    public boolean truncated() {
      return false;
    }

    @Override
    public void forEach(Consumer<LogLine> consumer) {
      // There is nothing to hand over.
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
