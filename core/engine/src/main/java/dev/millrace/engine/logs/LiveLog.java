package dev.millrace.engine.logs;

import dev.millrace.engine.domain.LogLengths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The live log of one execution: one folder. Safe for threads. */
final class LiveLog {
  private final Path folder;
  private final Map<LogRecord.Source, StreamFile> files = new EnumMap<>(LogRecord.Source.class);
  private boolean removed;

  LiveLog(Path folder, Clock clock) throws IOException {
    this.folder = folder;
    for (LogRecord.Source source : LogRecord.Source.values()) {
      files.put(source, new StreamFile(folder, source, clock));
    }
  }

  /** Appends if {@code offset} is the stream's length; returns its length then. */
  synchronized long append(LogRecord.Source source, long offset, LogTimes times, byte[] chunk)
      throws IOException {
    requireThere();
    StreamFile file = file(source);
    if (offset != file.length()) {
      return file.length();
    }
    Files.createDirectories(folder);
    return file.append(times, chunk);
  }

  synchronized void note(LogTimes times, byte[] line) throws IOException {
    requireThere();
    Files.createDirectories(folder);
    file(LogRecord.Source.MASTER).append(times, line);
  }

  synchronized LogLengths lengths() {
    return new LogLengths(
        file(LogRecord.Source.STDOUT).length(),
        file(LogRecord.Source.STDERR).length(),
        file(LogRecord.Source.STATUS).length());
  }

  /**
   * The last {@code limit} records of those streams, all for 0. Empty if the log has been removed;
   * a view that is open when that happens still reads to its end.
   */
  synchronized Optional<LiveLogView> open(int limit, Set<LogStream> streams, boolean whole)
      throws IOException {
    if (removed) {
      return Optional.empty();
    }
    Set<LogRecord.Source> sources = EnumSet.noneOf(LogRecord.Source.class);
    long total = 0;
    long kept = 0;
    for (LogRecord.Source source : LogRecord.Source.values()) {
      if (streams.contains(source.stream)) {
        sources.add(source);
        long records = file(source).records(whole);
        total += records;
        kept += limit > 0 ? Math.min(limit, records) : records;
      }
    }
    List<LogLine> open = whole ? List.of() : openLines(streams);
    LogMerge merge = new LogMerge();
    try {
      for (LogRecord.Source source : sources) {
        long records = file(source).records(whole);
        long first = limit > 0 ? Math.max(0, records - limit) : 0;
        merge.add(file(source).cursor(first, whole));
      }
    } catch (IOException | RuntimeException e) {
      merge.close();
      throw e;
    }
    return Optional.of(
        new LiveLogView(
            merge,
            total + open.size(),
            limit > 0 ? Math.max(0, kept + open.size() - limit) : 0,
            limit,
            open));
  }

  /** Lines that have stood for a while without their end, at most one of a stream. */
  synchronized List<LogLine> openLines(Set<LogStream> streams) throws IOException {
    List<LogLine> open = new ArrayList<>();
    for (LogStream stream : EnumSet.of(LogStream.STDOUT, LogStream.STDERR)) {
      if (!removed && streams.contains(stream)) {
        file(LogRecord.Source.of(stream)).openLine().ifPresent(open::add);
      }
    }
    return open;
  }

  /** The records from that position on, merged; empty if the log has been removed. */
  synchronized Optional<LogMerge> after(LogPosition position, boolean whole) throws IOException {
    if (removed) {
      return Optional.empty();
    }
    LogMerge merge = new LogMerge();
    try {
      for (LogRecord.Source source : LogRecord.Source.values()) {
        merge.add(file(source).cursorAt(position.of(source), whole));
      }
    } catch (IOException | RuntimeException e) {
      merge.close();
      throw e;
    }
    return Optional.of(merge);
  }

  /** Whether there is a folder of it. */
  synchronized boolean exists() {
    return !removed && Files.isDirectory(folder);
  }

  /** Deletes the files. Nothing is read or written through this object afterwards. */
  synchronized void remove() throws IOException {
    if (!exists()) {
      return;
    }
    removed = true;
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }

  private void requireThere() throws IOException {
    if (removed) {
      throw new IOException("the log " + folder.getFileName() + " is closed and has been removed");
    }
  }

  private StreamFile file(LogRecord.Source source) {
    StreamFile file = files.get(source);
    if (file == null) {
      throw new IllegalStateException("no file for " + source);
    }
    return file;
  }
}
