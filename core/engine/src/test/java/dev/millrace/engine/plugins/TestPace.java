package dev.millrace.engine.plugins;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes only where somebody pauses. */
final class TestPace implements Pace {
  final List<Duration> pauses = new CopyOnWriteArrayList<>();
  private final AtomicLong now = new AtomicLong(1_000_000_000_000L);

  @Override
  public long nanos() {
    return now.get();
  }

  @Override
  public void pause(Duration time) {
    pauses.add(time);
    now.addAndGet(time.toNanos());
  }

  @Override
  public double jitter() {
    return 1;
  }

  void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }
}
