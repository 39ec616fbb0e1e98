package dev.millrace.engine.queue;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.ExecutionId;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.osgi.service.component.annotations.Component;

/** The queue of a single master. */
@Component(service = Queue.class, immediate = true)
public final class InProcessQueue implements Queue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition offered = lock.newCondition();
  private long count;

  @Override
  public void offer(EnvironmentId group, ExecutionId execution) {
    wake();
  }

  @Override
  public void wanted(EnvironmentId group) {
    wake();
  }

  @Override
  public void wake() {
    lock.lock();
    try {
      count++;
      offered.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long await(long seen, Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long left = atMost.toNanos();
      while (count == seen && left > 0) {
        left = offered.awaitNanos(left);
      }
      return count;
    } finally {
      lock.unlock();
    }
  }
}
