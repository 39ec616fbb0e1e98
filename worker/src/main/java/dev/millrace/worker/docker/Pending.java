package dev.millrace.worker.docker;

import com.github.dockerjava.api.async.ResultCallback;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is still coming. docker-java's own callback ends the request when somebody has
 * waited for it in vain; this one goes on.
 */
class Pending<T> implements ResultCallback<T> {
  private final CountDownLatch ended = new CountDownLatch(1);
  private @Nullable Closeable request;
  private boolean closed;
  private volatile @Nullable Throwable failure;

  @Override
  public void onStart(Closeable started) {
    boolean late;
    synchronized (this) {
      request = started;
      late = closed;
    }
    if (late) {
      end(started);
    }
  }

  @Override
  public void onNext(T item) {
    // Only the end matters.
  }

  @Override
  public void onError(Throwable e) {
    failure = e;
    ended.countDown();
  }

  @Override
  public void onComplete() {
    ended.countDown();
  }

  /** Waits at most so long; true when the answer has ended, well or not. */
  boolean awaitEnd(Duration wait) throws InterruptedException {
    return ended.await(wait.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** What broke the answer off, or null. */
  @Nullable Throwable failure() {
    return failure;
  }

  @Override
  public void close() {
    Closeable open;
    synchronized (this) {
      closed = true;
      open = request;
    }
    if (open != null) {
      end(open);
    }
    ended.countDown();
  }

  private void end(Closeable open) {
    try {
      open.close();
    } catch (IOException e) {
      failure = e;
    }
  }
}
