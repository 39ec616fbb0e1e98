package dev.millrace.worker.run;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what a run writes out of its two pipes. A thread for each waits for the first byte; whoever
 * has one first reads both until they are empty, in turns, so that the streams stand in the order
 * in which they were written, as near as two pipes tell it.
 */
final class StreamReceiver implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(StreamReceiver.class);
  private static final Duration DRAIN = Duration.ofSeconds(60);
  private static final long AGAIN_MILLIS = 200;

  /** A turn takes about so much of the fuller pipe while both hold more, the same share of both. */
  private static final int SHARE = 4 * 1024;

  /** A busy run is read in larger pieces, for each piece has its price: this much in a second. */
  private static final int QUICK_TURNS = 1_000;

  private static final int SMALL = 16 * 1024;

  /** Longer than a loaded machine keeps a thread waiting that could run. */
  private static final long LATE_NANOS = 100_000_000;

  private static final long PAUSE_MILLIS = 2;

  /** Keeps what came; may be given the same bytes again when it failed. */
  @FunctionalInterface
  interface Sink {
    /**
     * @param start offset of the first byte in the stream
     * @param micros when it was read
     */
    void took(String stream, ByteBuffer bytes, long start, long micros) throws IOException;
  }

  private final Sink sink;
  private final Clock clock;
  private final List<Source> sources = new ArrayList<>();
  private final Object turn = new Object();
  private boolean serving;
  private volatile boolean closed;
  private long second;
  private int turns;

  /** Opens the pipes of those names, with the files beside them. */
  StreamReceiver(Path folder, List<String> names, Sink sink, Clock clock) throws IOException {
    this.sink = sink;
    this.clock = clock;
    try {
      for (String name : names) {
        sources.add(new Source(folder, name));
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** Begins to read; what an earlier worker had read is kept first, as soon as it can be. */
  void start() {
    sources.forEach(source -> source.thread.start());
  }

  private final class Source {
    private final String name;
    private final RandomAccessFile pipe;
    private final FileChannel channel;
    private final FileInputStream level;
    private final StreamInbox inbox;
    private final Thread thread;
    private boolean active;
    private long firstMicros;
    private int waiting;

    Source(Path folder, String name) throws IOException {
      this.name = name;
      // For reading and writing: it opens at once, and it has no end.
      this.pipe = new RandomAccessFile(folder.resolve(name).toFile(), "rw");
      try {
        this.inbox = StreamInbox.open(folder.resolve(name + ".inbox"));
      } catch (IOException e) {
        pipe.close();
        throw e;
      }
      this.channel = pipe.getChannel();
      this.level = new FileInputStream(pipe.getFD());
      this.thread = new Thread(() -> loop(this), "pipe-" + name);
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler((broken, e) -> Essential.end(broken.getName(), e));
    }

    /** Bytes in the pipe. */
    int available() throws IOException {
      return level.available();
    }
  }

  private void loop(Source source) {
    boolean told = false;
    while (!closed) {
      try {
        if (source.inbox.length() == 0) {
          source.inbox.receive(source.channel, 1);
          source.firstMicros = micros();
        }
        serve(source);
        told = false;
      } catch (ClosedChannelException e) {
        if (closed) {
          return;
        }
        LOG.error("pipe closed by itself stream={}", source.name, e);
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (IOException | RuntimeException | InternalError e) {
        // InternalError: a page of the inbox cannot be read. What was read is in the inbox, and is
        // kept as soon as it can be.
        if (!told && !closed) {
          LOG.warn("output of a run waits stream={} error={}", source.name, e.toString());
          told = true;
        }
        if (!pause(AGAIN_MILLIS)) {
          return;
        }
      }
    }
  }

  private boolean pause(long millis) {
    try {
      Thread.sleep(millis);
      return !closed;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Reads both streams until its own is empty, unless the other one's thread does. */
  private void serve(Source own) throws IOException, InterruptedException {
    synchronized (turn) {
      own.active = true;
      turn.notifyAll();
      while (serving && own.active && !closed) {
        turn.wait();
      }
      if (!own.active || closed) {
        return;
      }
      serving = true;
    }
    try {
      List<Source> active = active(own);
      while (!active.isEmpty() && !closed) {
        if (turn(active) < SMALL && busy()) {
          Thread.sleep(PAUSE_MILLIS);
        }
        active = active(own);
      }
    } finally {
      synchronized (turn) {
        serving = false;
        own.active = false;
        turn.notifyAll();
      }
    }
  }

  /** Those that have something, {@code own} first; none once it has nothing. */
  private List<Source> active(Source own) {
    synchronized (turn) {
      List<Source> active = new ArrayList<>(sources.size());
      if (own.active) {
        active.add(own);
        sources.stream().filter(s -> s != own && s.active).forEach(active::add);
      }
      return active;
    }
  }

  private int turn(List<Source> active) throws IOException, InterruptedException {
    int most = 0;
    Source late = null;
    for (Source source : sources) {
      source.waiting = source.available();
      most = Math.max(most, source.waiting);
      if (source.waiting > 0 && !active.contains(source)) {
        late = source;
      }
    }
    boolean both = active.size() > 1 || late != null;
    int shares = both ? Math.max(1, (most + SHARE - 1) / SHARE) : 1;
    int taken = 0;
    for (Source source : active) {
      taken += take(source, shares);
    }
    if (late != null && shares > 1) {
      await(late);
    }
    return taken;
  }

  /**
   * Its thread has been woken and is about to run: the other stream is not read far ahead of it.
   */
  private void await(Source late) throws InterruptedException {
    long end = System.nanoTime() + LATE_NANOS;
    synchronized (turn) {
      while (!late.active && !closed && System.nanoTime() - end < 0) {
        turn.wait(1);
      }
    }
  }

  private int take(Source source, int shares) throws IOException {
    // Not what has come since the look at both: this one would be ahead.
    if (source.waiting > 0) {
      source.inbox.receive(source.channel, (source.waiting + shares - 1) / shares);
    }
    int length = source.inbox.length();
    if (length == 0) {
      synchronized (turn) {
        source.active = false;
        turn.notifyAll();
      }
      return 0;
    }
    keep(source);
    return length;
  }

  private void keep(Source source) throws IOException {
    long micros = source.firstMicros > 0 ? source.firstMicros : micros();
    sink.took(source.name, source.inbox.content(), source.inbox.start(), micros);
    source.firstMicros = 0;
    source.inbox.done();
  }

  private boolean busy() {
    long now = System.nanoTime() / 1_000_000_000L;
    if (now != second) {
      second = now;
      turns = 0;
    }
    turns++;
    return turns > QUICK_TURNS;
  }

  private long micros() {
    Instant now = clock.instant();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }

  /**
   * Takes what is left in the pipes of a run that has gone. Who else may hold them open adds
   * nothing.
   */
  void drain() throws InterruptedException, IOException {
    if (closed) {
      return;
    }
    long end = System.nanoTime() + DRAIN.toNanos();
    List<Long> due = new ArrayList<>();
    for (Source source : sources) {
      // More than there can be, for its thread may be in the middle of a read.
      due.add(source.inbox.start() + 2L * StreamInbox.CAPACITY + source.available());
    }
    synchronized (turn) {
      for (int i = 0; i < sources.size(); i++) {
        while (!drained(sources.get(i), due.get(i)) && System.nanoTime() - end < 0) {
          turn.wait(5);
        }
      }
    }
    close();
  }

  private static boolean drained(Source source, long due) throws IOException {
    boolean empty = !source.active && source.inbox.length() == 0 && source.available() == 0;
    return empty || source.inbox.start() >= due;
  }

  /** Ends the threads; what they had read and not kept yet is kept. */
  @Override
  public void close() {
    closed = true;
    synchronized (turn) {
      turn.notifyAll();
    }
    for (Source source : sources) {
      try {
        // Wakes a thread that waits for the pipe.
        source.pipe.close();
        source.channel.close();
        if (source.thread != Thread.currentThread()) {
          source.thread.join(Duration.ofSeconds(10).toMillis());
        }
      } catch (IOException e) {
        LOG.warn("pipe not closed stream={} error={}", source.name, e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    for (Source source : sources) {
      try {
        if (!source.thread.isAlive()) {
          try (source.inbox) {
            if (source.inbox.length() > 0) {
              keep(source);
            }
          }
        }
      } catch (IOException | InternalError e) {
        LOG.warn("output of a run left behind stream={} error={}", source.name, e.toString());
      }
    }
  }
}
