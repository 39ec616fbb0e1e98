package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunPipes;
import dev.millrace.worker.wire.LogChunk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
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

/** The three streams of a run: kept on disk, cut at the limit, each part with its time. */
final class RunLog implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(RunLog.class);
  private static final int PARTS_A_TURN = 32;

  /** How often one looks at the files of a run that has no pipes. */
  private static final long LOOK_MILLIS = 50;

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
  private long news;
  private @Nullable RunPipes pipes;
  private @Nullable StreamReceiver receiver;

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

  /**
   * Begins to take what the run writes, from its pipes; a run of an earlier release has none and
   * writes files of its own. Called again it changes nothing.
   */
  void receive(RunPipes from) throws IOException {
    synchronized (this) {
      if (ended || receiver != null || !from.exist()) {
        return;
      }
      pipes = from;
      from.hold();
      receiver = new StreamReceiver(folder, RunPipes.NAMES, this::took, clock);
    }
    receiver.start();
  }

  /** Sees to it that the pipes are read, and held open by somebody who outlives this worker. */
  void hold() throws IOException {
    RunPipes held = pipes;
    if (held != null) {
      receive(held);
      held.hold();
    }
  }

  private synchronized void took(String name, ByteBuffer bytes, long start, long micros)
      throws IOException {
    LogStream stream = stream(name);
    LogStream other = stream == stdout ? stderr : stdout;
    long allowed = Math.max(stream.size(), limit - other.size());
    long before = stream.dropped();
    stream.take(bytes, start, allowed);
    if (bytes.hasRemaining()) {
      lastOutput = System.nanoTime();
      if (stream.dropped() > before && before + other.dropped() == 0) {
        tellLimit();
      }
    }
    stampAll(stream, micros, allowed);
  }

  /** Adds a line to the worker's own stream. */
  synchronized void status(String line) {
    try {
      String text = line.replaceAll("[\\p{Cntrl}&&[^\t]]", " ").strip();
      status.append((text + "\n").getBytes(StandardCharsets.UTF_8));
      stampOne(status, micros(), Long.MAX_VALUE);
    } catch (IOException e) {
      LOG.warn("status line lost folder={} error={}", folder, e.toString());
    }
  }

  /** Looks what a run of an earlier release, which has no pipes, wrote since the last call. */
  synchronized void look() throws IOException {
    if (receiver != null) {
      return;
    }
    for (LogStream stream : List.of(stdout, stderr)) {
      LogStream other = stream == stdout ? stderr : stdout;
      long allowed = Math.max(stream.stamped(), limit - other.stamped());
      stampAll(stream, micros(), allowed);
      if (stream.stamped() >= allowed) {
        drop(stream.cut(allowed));
      }
    }
  }

  private void stampAll(LogStream stream, long micros, long allowed) throws IOException {
    for (int i = 0; i < PARTS_A_TURN && stampOne(stream, micros, allowed); i++) {
      lastOutput = System.nanoTime();
    }
  }

  private boolean stampOne(LogStream stream, long micros, long allowed) throws IOException {
    LogStream.Part part = stream.stamp(Math.max(nextTime, micros), allowed, ended);
    if (part == null) {
      return false;
    }
    nextTime = part.time() + part.lines();
    streams().stream().filter(s -> s != stream).forEach(LogStream::interrupted);
    wake();
    return true;
  }

  private long micros() {
    Instant now = clock.instant();
    return Math.addExact(now.getEpochSecond() * 1_000_000, now.getNano() / 1_000);
  }

  private void drop(long bytes) throws IOException {
    if (bytes == 0) {
      return;
    }
    if (dropped == 0) {
      tellLimit();
    }
    dropped += bytes;
    lastOutput = System.nanoTime();
    Files.writeString(folder.resolve("dropped"), Long.toString(dropped));
  }

  private void tellLimit() {
    status("The log has reached its limit of " + limit + " bytes: what follows is not kept.");
  }

  /** No process writes any more: the rest is stamped, and the cut, if any, is told. */
  void end() throws IOException, InterruptedException {
    StreamReceiver open = receiver;
    if (open != null) {
      open.drain();
    }
    finish();
    RunPipes held = pipes;
    if (held != null) {
      held.release();
    }
  }

  private synchronized void finish() throws IOException {
    if (ended) {
      return;
    }
    ended = true;
    long before;
    do {
      before = stdout.stamped() + stderr.stamped();
      if (receiver == null) {
        look();
      } else {
        stampAll(stdout, micros(), Long.MAX_VALUE);
        stampAll(stderr, micros(), Long.MAX_VALUE);
      }
    } while (stdout.stamped() + stderr.stamped() > before);
    long gone = dropped + stdout.dropped() + stderr.dropped();
    if (gone > 0) {
      status("The log was cut at its limit of " + limit + " bytes; " + gone + " bytes dropped.");
    }
  }

  /** How often something came that may be sent. */
  synchronized long news() {
    return news;
  }

  /** Ends that wait. */
  synchronized void wake() {
    news++;
    notifyAll();
  }

  /** Waits until something came after that, or so long. */
  synchronized void awaitNews(long seen, long millis) throws InterruptedException {
    long most = receiver == null ? Math.min(millis, LOOK_MILLIS) : millis;
    long end = System.nanoTime() + most * 1_000_000;
    for (long left = most; news == seen && left > 0; left = (end - System.nanoTime()) / 1_000_000) {
      wait(left);
    }
  }

  /** The next bytes of a stream from an offset, or null when none are there yet. */
  synchronized @Nullable LogChunk chunk(String stream, long offset) throws IOException {
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
  public void close() throws IOException {
    StreamReceiver open = receiver;
    if (open != null) {
      open.close();
    }
    closeFiles();
  }

  private synchronized void closeFiles() throws IOException {
    for (LogStream stream : streams()) {
      stream.close();
    }
  }
}
