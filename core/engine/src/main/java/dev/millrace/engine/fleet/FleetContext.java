package dev.millrace.engine.fleet;

import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.store.Database;
import java.time.Clock;
import java.time.Duration;
import java.util.function.LongSupplier;

/** What each {@link Lane} works with; {@code nanos} is a monotonic clock. */
record FleetContext(
    Database database,
    Plugins plugins,
    Requests requests,
    Leadership leadership,
    Clock clock,
    LongSupplier nanos,
    Self self) {

  /**
   * @param master names this master, as long as its data folder lasts
   * @param workerLost after how long a silent worker is given up
   */
  record Self(String master, Duration workerLost) {}
}
