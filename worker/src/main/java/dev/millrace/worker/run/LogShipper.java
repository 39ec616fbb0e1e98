package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.LogChunk;
import dev.millrace.worker.wire.Master;
import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.Secret;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A loop that reads a run's streams, sends what is new, and goes on where the master wants it. */
final class LogShipper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogShipper.class);

  /** What comes within so long goes in one message. */
  private static final long TICK_MILLIS = 50;

  private static final long IDLE_MILLIS = 1_000;
  private static final int BATCH_LINES = 1_000;
  private static final int CHUNKS_A_TURN = 16;

  private static final LogChunk NOTHING = new LogChunk(0, 0, new byte[0]);

  private final RunLog log;
  private final Master master;
  private final String executionId;
  private final Secret lease;
  private final Path metadataNote;
  private final Consumer<MasterException> refused;
  private final Map<String, Long> sent = new HashMap<>();
  private final Backoff backoff = Backoff.standard();
  private final Thread thread;

  private MetadataLines metadata;
  private long metadataRead;
  private long metadataKnown;
  private long metadataNoted;
  private List<Wire.MetadataLine> batch = new ArrayList<>();
  private long resumeAt;
  private long noteDue = System.nanoTime();
  private boolean ended;
  private boolean metadataEnded;
  private boolean metadataCut;
  private long metadataDropped;
  private final Map<String, Doubt> doubts = new HashMap<>();
  private final Set<String> refusedStreams = new HashSet<>();
  private final Doubt metadataDoubt = new Doubt();
  private final Backoff metadataBackoff = Backoff.standard();
  private long metadataResumeAt = System.nanoTime();
  private int mostLines = BATCH_LINES;
  private boolean toldInLogOnly;
  private volatile boolean closed;

  LogShipper(
      RunLog log,
      Master master,
      String executionId,
      Secret lease,
      Path folder,
      Consumer<MasterException> refused)
      throws IOException {
    this.log = log;
    this.master = master;
    this.executionId = executionId;
    this.lease = lease;
    this.refused = refused;
    this.metadataNote = folder.resolve("metadata.next");
    this.metadataKnown =
        RunFolder.text(metadataNote).map(t -> Long.parseLong(t.strip())).orElse(0L);
    this.metadataRead = metadataKnown;
    this.metadataNoted = metadataKnown;
    this.metadata = new MetadataLines(metadataKnown);
    this.thread = new Thread(this::loop, "log-" + executionId);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler((broken, e) -> Essential.end(broken.getName(), e));
  }

  /** Starts the loop. */
  void start() {
    thread.start();
  }

  private void loop() {
    while (!closed) {
      try {
        long began = System.nanoTime();
        long seen = log.news();
        log.look();
        boolean more = false;
        synchronized (this) {
          if (began - resumeAt >= 0) {
            more = send();
            backoff.succeeded();
          }
          notifyAll();
        }
        if (!more) {
          log.awaitNews(seen, IDLE_MILLIS);
          pause(TICK_MILLIS - (System.nanoTime() - began) / 1_000_000);
        }
      } catch (MasterException.LeaseGone | MasterException.CredentialRefused e) {
        refused.accept(e);
        return;
      } catch (IOException e) {
        Duration wait = backoff.next();
        synchronized (this) {
          resumeAt = System.nanoTime() + wait.toNanos();
        }
        if (backoff.attempts() == 1) {
          LOG.warn("log waits execution={} error={}", executionId, e.toString());
        }
        pause(TICK_MILLIS);
      } catch (RuntimeException | InternalError e) {
        LOG.error("log broke and is taken up again execution={}", executionId, e);
        again();
        pause(IDLE_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** As after a restart: the master tells how far it is, the note from where metadata is read. */
  private synchronized void again() {
    sent.clear();
    batch = new ArrayList<>();
    metadataKnown = metadataNoted;
    metadataRead = metadataNoted;
    metadata = new MetadataLines(metadataNoted);
    metadataEnded = false;
    notifyAll();
  }

  private void pause(long millis) {
    try {
      Thread.sleep(Math.max(0, millis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether there is more to be sent at once. */
  private boolean send() throws IOException {
    boolean more = false;
    for (String stream : List.of("status", "stdout", "stderr")) {
      int sent = 0;
      while (sent < CHUNKS_A_TURN && sendOne(stream)) {
        log.look();
        sent++;
      }
      more |= sent == CHUNKS_A_TURN;
    }
    return metadata() || more;
  }

  /** Whether there is more to be sent at once. What fails here waits by itself and holds no log. */
  private boolean metadata() throws IOException {
    if (System.nanoTime() - metadataResumeAt < 0) {
      return false;
    }
    int sent = 0;
    try {
      while (sent < CHUNKS_A_TURN && sendMetadata()) {
        log.look();
        sent++;
      }
      metadataBackoff.succeeded();
    } catch (IOException e) {
      if (Failure.of(e) == Failure.OVER) {
        throw e;
      }
      metadataResumeAt = System.nanoTime() + MasterCalls.wait(metadataBackoff, e).toNanos();
    }
    return sent == CHUNKS_A_TURN;
  }

  private boolean sendOne(String stream) throws IOException {
    if (refusedStreams.contains(stream)) {
      return false;
    }
    Doubt doubt = doubts.computeIfAbsent(stream, s -> new Doubt());
    try {
      boolean some = sendNext(stream);
      doubt.worked();
      return some;
    } catch (IOException e) {
      if (!doubt.over(e)) {
        throw e;
      }
      LOG.error("log refused execution={} stream={}", executionId, stream, e);
      refusedStreams.add(stream);
      log.status("The rest of " + stream + " is not kept: " + e.getMessage());
      return false;
    }
  }

  private boolean sendNext(String stream) throws IOException {
    Long from = sent.get(stream);
    if (from == null) {
      if (log.stamped(stream) == 0) {
        return false;
      }
      // After a restart only the master knows how far it got; an empty chunk asks.
      sent.put(stream, master.log(executionId, lease, stream, NOTHING));
      return true;
    }
    LogChunk chunk = log.chunk(stream, from);
    if (chunk == null) {
      return false;
    }
    long next = master.log(executionId, lease, stream, chunk);
    if (next < from) {
      LOG.warn("master lost log bytes execution={} stream={} next={}", executionId, stream, next);
    }
    sent.put(stream, next);
    return true;
  }

  private boolean sendMetadata() throws IOException {
    LogChunk chunk = null;
    if (batch.isEmpty()) {
      chunk = log.chunk("stdout", metadataRead);
      if (chunk != null) {
        chunk.parts().forEach(part -> metadata.take(part, batch));
        metadataRead = chunk.offset() + chunk.bytes().length;
      } else if (ended) {
        metadata.end(batch);
        metadataEnded = true;
      }
      drop();
      if (metadataEnded && metadataDropped > 0) {
        log.status(
            "The metadata was cut at its limit; " + metadataDropped + " lines were dropped.");
        metadataDropped = 0;
      }
    }
    if (!batch.isEmpty()) {
      int count = 0;
      int size = 0;
      while (count < Math.min(batch.size(), mostLines) && (count == 0 || size < 512 * 1024)) {
        size += batch.get(count).json().toString().length() + 64;
        count++;
      }
      List<Wire.MetadataLine> now = batch.subList(0, count);
      Wire.MetadataKept kept;
      try {
        kept =
            master.metadata(executionId, lease, new Wire.Metadata(metadataKnown, List.copyOf(now)));
      } catch (IOException e) {
        return refused(e, count);
      }
      metadataDoubt.worked();
      mostLines = Math.min(BATCH_LINES, mostLines * 2);
      if (kept.dropped() != null) {
        inLogOnly("It has over 256 KiB as JSON, or over 200 levels.");
      }
      metadataKnown = Math.max(metadataKnown, kept.next());
      if (Boolean.TRUE.equals(kept.cut())) {
        cut();
      } else {
        batch = new ArrayList<>(batch.subList(count, batch.size()));
      }
      note();
      return true;
    }
    return chunk != null;
  }

  /** A batch that is refused is told by halves, down to the one line that is at fault. */
  private boolean refused(IOException e, int count) throws IOException {
    if (Failure.of(e) == Failure.OVER) {
      throw e;
    }
    if (count > 1 && Failure.of(e) != Failure.PASSING) {
      mostLines = count / 2;
      return true;
    }
    if (!metadataDoubt.over(e)) {
      throw e;
    }
    metadataDoubt.worked();
    metadataKnown = Math.max(metadataKnown, batch.get(0).offset() + 1);
    batch = new ArrayList<>(batch.subList(1, batch.size()));
    inLogOnly(String.valueOf(e.getMessage()));
    return true;
  }

  private void inLogOnly(String why) {
    if (!toldInLogOnly) {
      toldInLogOnly = true;
      log.status("A line that looks like metadata is in the log only: " + why);
    }
  }

  /** The master keeps no more of it: lines are counted from here on, and not sent. */
  private void cut() {
    if (!metadataCut) {
      metadataCut = true;
      log.status("The metadata has reached its limit: what follows is in the log only.");
    }
    drop();
  }

  private void drop() {
    if (metadataCut) {
      metadataDropped += batch.size();
      batch = new ArrayList<>();
    }
  }

  private void note() throws IOException {
    if (batch.isEmpty() && System.nanoTime() - noteDue >= 0) {
      noteDue = System.nanoTime() + Duration.ofSeconds(1).toNanos();
      RunFolder.writePrivate(
          metadataNote, Long.toString(metadata.lineStart()).getBytes(StandardCharsets.UTF_8));
      metadataNoted = metadata.lineStart();
    }
  }

  /** User code has ended: what is left is read and the last line counts. */
  void streamsEnded() throws IOException, InterruptedException {
    log.end();
    synchronized (this) {
      ended = true;
    }
    log.wake();
  }

  /**
   * Waits until the master has every byte of every stream; answers the offsets, or null when the
   * shipper was closed first.
   */
  synchronized @Nullable Map<String, Long> awaitShipped() throws InterruptedException {
    while (!closed && thread.isAlive()) {
      Map<String, Long> offsets = log.offsets();
      boolean whole =
          batch.isEmpty()
              && metadataEnded
              && metadataRead >= offsets.getOrDefault("stdout", 0L)
              && offsets.entrySet().stream()
                  .filter(e -> !refusedStreams.contains(e.getKey()))
                  .allMatch(e -> sent.getOrDefault(e.getKey(), 0L) >= e.getValue());
      if (whole) {
        return offsets;
      }
      wait(TICK_MILLIS);
    }
    return null;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
