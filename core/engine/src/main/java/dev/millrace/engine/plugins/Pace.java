package dev.millrace.engine.plugins;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How the guard measures time, waits and rolls dice. */
interface Pace {
  /** Nanoseconds that only rise. */
  long nanos();

  /** Waits. */
  void pause(Duration time) throws InterruptedException;

  /** Evenly from 0 to 1. */
  double jitter();

  /** The real one. */
  Pace REAL =
      new Pace() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public void pause(Duration time) throws InterruptedException {
          Thread.sleep(time.toMillis(), time.toNanosPart() % 1_000_000);
        }

        @Override
        public double jitter() {
          return ThreadLocalRandom.current().nextDouble();
        }
      };
}
