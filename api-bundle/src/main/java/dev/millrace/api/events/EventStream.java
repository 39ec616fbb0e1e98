package dev.millrace.api.events;

import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.service.Feed;
import dev.millrace.engine.service.Refusal;
import dev.millrace.engine.service.Unavailable;
import dev.millrace.engine.store.DatabaseUnavailable;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One open stream. No thread waits for its client: what the connection does not take yet stays
 * here, and no more is read until it has gone.
 */
final class EventStream implements WriteListener {
  private static final Logger log = LoggerFactory.getLogger(EventStream.class);
  private static final long PAUSE = Duration.ofMillis(500).toNanos();
  private static final long HEARTBEAT = Duration.ofSeconds(15).toNanos();
  private static final long STALLED = Duration.ofSeconds(60).toNanos();

  private final OwnerId user;
  private final Feed feed;
  private final AsyncContext connection;
  private final ServletOutputStream out;
  private final EventText text = new EventText();
  private final Consumer<EventStream> whenClosed;
  private final Queue<byte[]> waiting = new ArrayDeque<>();
  private boolean open;
  private boolean reading;
  private boolean flushed = true;
  private boolean ended;
  private boolean closed;
  private long nextLook;
  private long lastProgress = System.nanoTime();

  EventStream(
      OwnerId user,
      Feed feed,
      AsyncContext connection,
      ServletOutputStream out,
      Consumer<EventStream> whenClosed) {
    this.user = user;
    this.feed = feed;
    this.connection = connection;
    this.out = out;
    this.whenClosed = whenClosed;
  }

  OwnerId user() {
    return user;
  }

  /** Begins with what was read before the answer was certain. */
  synchronized void start(Feed.Batch first) {
    waiting.add(EventText.HEAD);
    took(first);
    out.setWriteListener(this);
  }

  /** Whether it is time to read on; whoever is told so reads. */
  synchronized boolean due(long now) {
    if (closed || reading) {
      return false;
    }
    if (!waiting.isEmpty() || !flushed) {
      if (now - lastProgress > STALLED) {
        log.info("event-stream=cut reason=\"its client takes nothing\" user={}", user);
        close();
      }
      return false;
    }
    if (ended) {
      return false;
    }
    reading = now - nextLook >= 0;
    return reading;
  }

  /** Reads on; called by one thread at a time, and only after {@link #due}. */
  void read() {
    byte[] problem = {};
    Feed.Batch batch = null;
    try {
      batch = feed.next();
    } catch (Unavailable | DatabaseUnavailable e) {
      log.debug("event-stream=waits reason=\"{}\" user={}", e.getMessage(), user);
    } catch (Refusal e) {
      Map<String, String> told = new LinkedHashMap<>();
      told.put("detail", e.text());
      told.put("code", e.code());
      problem = text.refused(told);
    } catch (RuntimeException e) {
      log.error("event-stream=cut user={}", user, e);
      problem = text.refused(Map.of("detail", "Something broke here", "code", "internal_error"));
    }
    synchronized (this) {
      reading = false;
      if (batch != null) {
        took(batch);
      } else {
        nextLook = System.nanoTime() + PAUSE;
      }
      if (problem.length > 0) {
        waiting.add(problem);
        ended = true;
      }
      if (waiting.isEmpty() && System.nanoTime() - lastProgress > HEARTBEAT) {
        waiting.add(EventText.HEARTBEAT);
      }
      write();
    }
  }

  private void took(Feed.Batch batch) {
    byte[] bytes = text.of(batch);
    if (bytes.length > 0) {
      waiting.add(bytes);
    }
    ended |= batch.end();
    nextLook = batch.more() ? System.nanoTime() : System.nanoTime() + PAUSE;
  }

  @Override
  public synchronized void onWritePossible() {
    open = true;
    write();
  }

  private void write() {
    if (!open || closed) {
      return;
    }
    try {
      while (out.isReady()) {
        byte[] bytes = waiting.poll();
        if (bytes != null) {
          out.write(bytes);
          flushed = false;
        } else if (!flushed) {
          out.flush();
          flushed = true;
        } else {
          if (ended) {
            close();
          }
          return;
        }
        lastProgress = System.nanoTime();
      }
    } catch (IOException e) {
      close();
    }
  }

  @Override
  public void onError(Throwable failure) {
    close();
  }

  /** Ends it; a client that wants more connects again. */
  synchronized void close() {
    if (!closed) {
      closed = true;
      try {
        connection.complete();
      } catch (IllegalStateException e) {
        // The connection had ended already.
        log.debug("event-stream=gone user={}", user);
      }
      whenClosed.accept(this);
    }
  }
}
