package dev.millrace.engine.fleet;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.scheduler.Planner;
import dev.millrace.engine.store.Database;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/** Wants more machines where work waits, and fewer where they have been idle long enough. */
final class Scaling {
  private static final long MOST_WAITING = 1_000_000;

  private final Database database;
  private final Nodes nodes;
  private final Clock clock;
  private final LongSupplier nanos;
  private final Uuid7 ids;
  private final Map<String, Long> idleSince = new HashMap<>();

  Scaling(Database database, Nodes nodes, Clock clock, LongSupplier nanos) {
    this.database = database;
    this.nodes = nodes;
    this.clock = clock;
    this.nanos = nanos;
    this.ids = new Uuid7(clock);
  }

  void keepOnly(Set<String> keys) {
    idleSince.keySet().retainAll(keys);
  }

  /**
   * Makes rows for what is missing and marks what is too much.
   *
   * @param rows those of the group that are not gone
   */
  void scale(Environment group, String provider, List<WantedNode> rows) {
    long now = nanos.getAsLong();
    List<WantedNode> living =
        rows.stream().filter(r -> r.state() != WantedNode.State.RELEASING).toList();
    Nodes.Load load = nodes.load(group.id());
    for (WantedNode row : living) {
      if (load.runs(row) > 0) {
        idleSince.remove(row.key());
      } else {
        idleSince.putIfAbsent(row.key(), now);
      }
    }
    int waiting = (int) Math.min(MOST_WAITING, database.read(s -> s.waiting().count(group.id())));
    Planner.Scale plan =
        Planner.scale(
            waiting + load.running(),
            living.stream().map(row -> machine(row, load, now)).toList(),
            new Planner.Bounds(
                group.slots(),
                group.enabled() ? group.scaleMin() : 0,
                group.enabled() ? group.scaleMax() : 0,
                Duration.ofMinutes(group.scaleDownGraceMinutes())));
    for (int i = 0; i < plan.grow(); i++) {
      nodes.want(fresh(group, provider));
    }
    living.stream()
        .filter(row -> plan.shrink().contains(row.key()))
        .forEach(row -> nodes.releasing(row, "idle"));
  }

  private Planner.Machine machine(WantedNode row, Nodes.Load load, long now) {
    return new Planner.Machine(
        row.key(), load.runs(row), Duration.ofNanos(now - idleSince.getOrDefault(row.key(), now)));
  }

  private WantedNode fresh(Environment group, String provider) {
    Instant now = clock.instant();
    return new WantedNode(
        ids.next().toString(),
        group.id(),
        provider,
        WantedNode.State.WANTED,
        Optional.empty(),
        Optional.empty(),
        "",
        now,
        now,
        1);
  }
}
