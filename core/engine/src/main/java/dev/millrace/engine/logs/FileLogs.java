package dev.millrace.engine.logs;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Live logs as files below {@code <data>/logs}, one folder for each execution. */
@Component(
    service = {LiveLogs.class, FileLogs.class},
    immediate = true)
public final class FileLogs implements LiveLogs {
  private static final String SCRATCH = ".sealing";

  private final Path root;
  private final Clock clock;
  private final Map<ExecutionId, LiveLog> logs = new ConcurrentHashMap<>();

  @Activate
  public FileLogs(@Reference Settings settings, @Reference Clock clock) {
    this(settings.data().resolve("logs"), clock);
  }

  public FileLogs(Path root, Clock clock) {
    this.root = root;
    this.clock = clock;
  }

  @Override
  public long append(
      ExecutionId execution, LogStream stream, long offset, LogTimes times, byte[] chunk) {
    try {
      return log(execution).append(LogRecord.Source.of(stream), offset, times, chunk);
    } catch (IOException e) {
      throw new UncheckedIOException("the log of execution " + execution + " cannot be written", e);
    }
  }

  @Override
  public void note(ExecutionId execution, String line) {
    String text = line.replace('\n', ' ') + '\n';
    try {
      log(execution).note(LogTimes.at(clock.instant()), text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("the log of execution " + execution + " cannot be written", e);
    }
  }

  @Override
  public LogLengths lengths(ExecutionId execution) {
    return log(execution).lengths();
  }

  /** The live log, if there is a folder of it. */
  Optional<LiveLog> find(ExecutionId execution) {
    // In one step: a log that is removed in between must not be found anew, without its files.
    return Optional.ofNullable(
            logs.computeIfAbsent(
                execution, id -> Files.isDirectory(folder(id)) ? newLog(id) : null))
        .filter(LiveLog::exists);
  }

  /** Of which executions there is a live log here. */
  List<ExecutionId> all() {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(root)) {
      List<ExecutionId> found = new ArrayList<>();
      for (Path folder : folders.filter(Files::isDirectory).toList()) {
        try {
          found.add(ExecutionId.parse(String.valueOf(folder.getFileName())));
        } catch (IllegalArgumentException e) {
          // Not one of ours.
        }
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException("the logs below " + root + " cannot be listed", e);
    }
  }

  /** A file to write a sealed log to before it goes into its store. */
  Path scratch(ExecutionId execution) throws IOException {
    Files.createDirectories(root);
    return root.resolve(execution + SCRATCH);
  }

  /** Removes what a master that was killed had half sealed. */
  void clearScratch() throws IOException {
    if (Files.isDirectory(root)) {
      try (DirectoryStream<Path> left = Files.newDirectoryStream(root, "*" + SCRATCH)) {
        for (Path file : left) {
          Files.delete(file);
        }
      }
    }
  }

  /** Removes the live log of a sealed or deleted execution. Removing nothing is no error. */
  void remove(ExecutionId execution) throws IOException {
    log(execution).remove();
    logs.remove(execution);
  }

  private LiveLog log(ExecutionId execution) {
    return logs.computeIfAbsent(execution, this::newLog);
  }

  private LiveLog newLog(ExecutionId execution) {
    try {
      return new LiveLog(folder(execution), clock);
    } catch (IOException e) {
      throw new UncheckedIOException("the log of execution " + execution + " cannot be opened", e);
    }
  }

  private Path folder(ExecutionId execution) {
    return root.resolve(execution.toString());
  }
}
