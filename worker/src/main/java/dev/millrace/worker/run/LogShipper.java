package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Backoff;
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
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A loop that reads a run's streams, sends what is new, and goes on where the master wants it. */
final class LogShipper implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogShipper.class);
  private static final long TICK_MILLIS = 50;
  private static final int BATCH_LINES = 1_000;
  private static final int CHUNKS_A_TURN = 16;

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
  private List<Wire.MetadataLine> batch = new ArrayList<>();
  private long resumeAt;
  private long noteDue = System.nanoTime();
  private boolean ended;
  private boolean metadataEnded;
  private boolean metadataCut;
  private long metadataDropped;
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
        log.stamp();
        synchronized (this) {
          if (System.nanoTime() - resumeAt >= 0) {
            send();
            backoff.succeeded();
          }
          notifyAll();
          wait(TICK_MILLIS);
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
        pause();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(TICK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void send() throws IOException {
    for (String stream : List.of("status", "stdout", "stderr")) {
      for (int i = 0; i < CHUNKS_A_TURN && sendOne(stream); i++) {
        log.stamp();
      }
    }
    for (int i = 0; i < CHUNKS_A_TURN && sendMetadata(); i++) {
      log.stamp();
    }
  }

  private boolean sendOne(String stream) throws IOException {
    Long from = sent.get(stream);
    if (from == null) {
      if (log.stamped(stream) == 0) {
        return false;
      }
      // After a restart only the master knows how far it got; an empty chunk asks.
      sent.put(stream, master.log(executionId, lease, stream, 0, 0, new byte[0]));
      return true;
    }
    LogStream.Chunk chunk = log.chunk(stream, from);
    if (chunk == null) {
      return false;
    }
    long next = master.log(executionId, lease, stream, chunk.offset(), chunk.time(), chunk.bytes());
    if (next < from) {
      LOG.warn("master lost log bytes execution={} stream={} next={}", executionId, stream, next);
    }
    sent.put(stream, next);
    return true;
  }

  private boolean sendMetadata() throws IOException {
    LogStream.Chunk chunk = null;
    if (batch.isEmpty()) {
      chunk = log.chunk("stdout", metadataRead);
      if (chunk != null) {
        metadata.take(chunk, batch);
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
      while (count < Math.min(batch.size(), BATCH_LINES) && (count == 0 || size < 512 * 1024)) {
        size += batch.get(count).json().toString().length() + 64;
        count++;
      }
      List<Wire.MetadataLine> now = batch.subList(0, count);
      Wire.MetadataKept kept =
          master.metadata(executionId, lease, new Wire.Metadata(metadataKnown, List.copyOf(now)));
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
    }
  }

  /** User code has ended: what is left is read and the last line counts. */
  void streamsEnded() throws IOException {
    log.end();
    synchronized (this) {
      ended = true;
    }
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
