package dev.millrace.engine.dispatch;

import dev.millrace.engine.loop.Deposed;
import dev.millrace.engine.store.DatabaseUnavailable;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Does the same for many, one by one. What goes wrong with one holds no other: it is logged once,
 * steps aside for a while and is tried again.
 */
final class Apart<K> {
  private final Logger log;
  private final String what;
  private final Pauses<K> pauses;

  Apart(Logger log, String what, LongSupplier nanos) {
    this.log = log;
    this.what = what;
    this.pauses = new Pauses<>(nanos);
  }

  /** False if it went wrong, now or a moment ago. */
  boolean run(K key, Runnable work) {
    if (!pauses.over(key)) {
      return false;
    }
    try {
      work.run();
    } catch (DatabaseUnavailable | Deposed e) {
      throw e;
    } catch (RuntimeException e) {
      if (Thread.currentThread().isInterrupted()) {
        throw e;
      }
      if (pauses.longer(key)) {
        log.error("failed for one {}, it is tried again {}={}", what, what, key, e);
      }
      return false;
    }
    pauses.none(key);
    return true;
  }
}
