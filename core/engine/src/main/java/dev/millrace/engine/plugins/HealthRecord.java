package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo.State;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How one service has been doing. Out of quarantine leads no way but a new service. */
final class HealthRecord {
  private static final Logger LOG = LoggerFactory.getLogger(HealthRecord.class);

  private final String name;
  private final int brokenLimit;
  private final Clock clock;
  private volatile Health health;
  private int brokenInRow;

  HealthRecord(String name, int brokenLimit, Clock clock) {
    this.name = name;
    this.brokenLimit = brokenLimit;
    this.clock = clock;
    this.health = new Health(State.READY, "", clock.instant());
  }

  Health health() {
    return health;
  }

  /** A call ended as the SPI says it may. */
  synchronized void worked(State state, String reason) {
    brokenInRow = 0;
    turn(state, reason);
  }

  /** A call threw what the SPI does not allow. */
  synchronized void broke(String verb, String what) {
    brokenInRow++;
    if (brokenInRow < brokenLimit) {
      turn(State.DEGRADED, verb + " threw " + what);
    } else {
      turn(
          State.QUARANTINED,
          verb
              + " threw "
              + what
              + ", "
              + brokenInRow
              + " calls in a row were broken; replace the plugin's jar or change its account");
    }
  }

  synchronized void quarantine(String reason) {
    turn(State.QUARANTINED, reason);
  }

  private void turn(State state, String reason) {
    Health was = health;
    if (was.state() == State.QUARANTINED) {
      return;
    }
    if (was.state() != state) {
      health = new Health(state, reason, clock.instant());
      LOG.info(
          "event=plugin-state plugin={} state={} was={} reason=\"{}\"",
          name,
          state,
          was.state(),
          reason);
    } else if (!was.reason().equals(reason)) {
      health = new Health(state, reason, was.since());
    }
  }
}
