package dev.millrace.worker.run;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The three streams of a run: read by offset, cut at the limit, each part with its time. */
final class RunLog implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(RunLog.class);
  private static final int PARTS_A_TURN = 32;

  private final Path folder;
  private final Clock clock;
  private final long limit;
  private final LogStream stdout;
  private final LogStream stderr;
  private final LogStream status;
  private long nextTime;
  private long dropped;
  private boolean ended;
  private long lastOutput = System.nanoTime();

  RunLog(Path folder, Collection<String> secrets, long limit, Clock clock) throws IOException {
    this.folder = folder;
    this.clock = clock;
    this.limit = limit;
    SecretMask mask = new SecretMask(secrets);
    this.stdout = new LogStream("stdout", folder, mask);
    this.stderr = new LogStream("stderr", folder, mask);
    this.status = new LogStream("status", folder, mask);
    for (LogStream stream : streams()) {
      nextTime = Math.max(nextTime, stream.earliest());
    }
    Path note = folder.resolve("dropped");
    this.dropped = Files.exists(note) ? Long.parseLong(Files.readString(note).strip()) : 0;
  }

  private List<LogStream> streams() {
    return List.of(stdout, stderr, status);
  }

  /** Adds a line to the worker's own stream. */
  synchronized void status(String line) {
    try {
      String text = line.replaceAll("[\\p{Cntrl}&&[^\t]]", " ").strip();
      status.append((text + "\n").getBytes(StandardCharsets.UTF_8));
      stampOne(status, Long.MAX_VALUE);
    } catch (IOException e) {
      LOG.warn("status line lost folder={} error={}", folder, e.toString());
    }
  }

  /** Gives times to what came since the last call. */
  synchronized void stamp() throws IOException {
    for (LogStream stream : List.of(stdout, stderr)) {
      LogStream other = stream == stdout ? stderr : stdout;
      long allowed = Math.max(stream.stamped(), limit - other.stamped());
      for (int i = 0; i < PARTS_A_TURN && stampOne(stream, allowed); i++) {
        lastOutput = System.nanoTime();
      }
      if (stream.stamped() >= allowed) {
        drop(stream.cut(allowed));
      }
    }
  }

  private boolean stampOne(LogStream stream, long allowed) throws IOException {
    Instant now = clock.instant();
    long micros = Math.addExact(now.getEpochSecond() * 1_000_000, now.getNano() / 1_000);
    LogStream.Part part = stream.stamp(Math.max(nextTime, micros), allowed, ended);
    if (part == null) {
      return false;
    }
    nextTime = part.time() + part.lines();
    return true;
  }

  private void drop(long bytes) throws IOException {
    if (bytes == 0) {
      return;
    }
    if (dropped == 0) {
      status("The log has reached its limit of " + limit + " bytes: what follows is not kept.");
    }
    dropped += bytes;
    lastOutput = System.nanoTime();
    Files.writeString(folder.resolve("dropped"), Long.toString(dropped));
  }

  /** No process writes any more: the rest is stamped, and the cut, if any, is told. */
  synchronized void end() throws IOException {
    if (ended) {
      return;
    }
    ended = true;
    long before;
    do {
      before = stdout.stamped() + stderr.stamped();
      stamp();
    } while (stdout.stamped() + stderr.stamped() > before);
    if (dropped > 0) {
      status("The log was cut at its limit of " + limit + " bytes; " + dropped + " bytes dropped.");
    }
  }

  /** The next bytes of a stream from an offset, or null when none are there yet. */
  synchronized LogStream.@Nullable Chunk chunk(String stream, long offset) throws IOException {
    return stream(stream).chunk(offset);
  }

  /** Bytes of a stream that may be sent. */
  synchronized long stamped(String stream) {
    return stream(stream).stamped();
  }

  /** The offsets of all streams. */
  synchronized Map<String, Long> offsets() {
    Map<String, Long> offsets = new LinkedHashMap<>();
    streams().forEach(s -> offsets.put(s.name(), s.stamped()));
    return offsets;
  }

  /** Nanoseconds since user code last wrote anything. */
  synchronized long quietNanos() {
    return System.nanoTime() - lastOutput;
  }

  /** The time without output begins now. */
  synchronized void quietFromNow() {
    lastOutput = System.nanoTime();
  }

  private LogStream stream(String name) {
    return switch (name) {
      case "stdout" -> stdout;
      case "stderr" -> stderr;
      default -> status;
    };
  }

  @Override
  public synchronized void close() throws IOException {
    for (LogStream stream : streams()) {
      stream.close();
    }
  }
}
