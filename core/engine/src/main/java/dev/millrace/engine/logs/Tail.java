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
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Follows a log through its live files into its sealed form. */
final class Tail implements LogTail {
  /** Text of one read; a line more may go over it. */
  private static final long BYTES = 256 * 1024;

  /** Records of a sealed log that one read looks at, to find where a reader left off. */
  private static final int LOOKED_AT = 100_000;

  private final Database database;
  private final FileLogs live;
  private final Blobs blobs;
  private LogPosition position;
  private @Nullable LogIndex index;
  private long passed;

  Tail(Database database, FileLogs live, Blobs blobs, LogPosition from) {
    this.database = database;
    this.live = live;
    this.blobs = blobs;
    this.position = from;
  }

  @Override
  public Found read(Execution execution, int lines, BiConsumer<LogLine, LogPosition> taker) {
    try {
      Optional<SealedLog> sealed = execution.log();
      if (sealed.isEmpty()) {
        Optional<LiveLog> files = live.find(execution.id());
        Optional<LogMerge> open =
            files.isPresent()
                ? files.get().after(position, execution.settledAt().isPresent())
                : Optional.empty();
        if (open.isPresent()) {
          try (LogMerge merge = open.get()) {
            return new Found(take(merge::next, lines, Integer.MAX_VALUE, taker), true);
          }
        }
        // The row may be older than the seal.
        sealed =
            database
                .read(s -> s.executions().find(new Scope.Everything(), execution.id()))
                .flatMap(Execution::log);
      }
      return sealed.isPresent() ? sealed(sealed.get(), lines, taker) : new Found(false, false);
    } catch (IOException e) {
      throw new UncheckedIOException("the log of execution " + execution.id(), e);
    }
  }

  @Override
  public List<LogLine> open(Execution execution) {
    if (execution.settledAt().isPresent()) {
      return List.of();
    }
    try {
      Optional<LiveLog> files = live.find(execution.id());
      return files.isPresent() ? files.get().openLines(EnumSet.allOf(LogStream.class)) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("the log of execution " + execution.id(), e);
    }
  }

  /** Where records come from. */
  @FunctionalInterface
  private interface Records {
    @Nullable LogRecord next() throws IOException;
  }

  /** Whether it stopped before the end. */
  private boolean take(
      Records records, int lines, int lookedAt, BiConsumer<LogLine, LogPosition> taker)
      throws IOException {
    long bytes = 0;
    int taken = 0;
    for (int looked = 0; looked < lookedAt; looked++) {
      if (taken == lines || bytes >= BYTES) {
        return true;
      }
      LogRecord record = records.next();
      if (record == null) {
        return false;
      }
      passed++;
      if (record.offset() >= position.of(record.source())) {
        position = position.after(record);
        taken++;
        bytes += record.bytes().length;
        taker.accept(record.line(), position);
      }
    }
    return true;
  }

  private Found sealed(SealedLog sealed, int lines, BiConsumer<LogLine, LogPosition> taker)
      throws IOException {
    DataStore store = SealedLogs.store(database, sealed);
    LogIndex known = index;
    if (known == null) {
      known = SealedLogs.index(blobs, store, sealed);
      index = known;
      passed = 0;
    }
    if (passed >= known.records()) {
      return new Found(false, true);
    }
    LogIndex.Member member = member(known.members(), passed);
    long skip = passed - member.first();
    try (InputStream body = SealedLogs.body(blobs, store, sealed, ByteRange.from(member.at()));
        SealedRecords records = new SealedRecords(body)) {
      for (long skipped = 0; skipped < skip; skipped++) {
        records.next();
      }
      return new Found(take(records::next, lines, LOOKED_AT, taker), true);
    }
  }

  /** The last member that starts at or before that record. */
  private static LogIndex.Member member(List<LogIndex.Member> members, long record) {
    LogIndex.Member found = members.get(0);
    for (LogIndex.Member member : members) {
      if (member.first() <= record) {
        found = member;
      }
    }
    return found;
  }
}
