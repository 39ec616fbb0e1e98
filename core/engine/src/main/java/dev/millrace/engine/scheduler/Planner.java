package dev.millrace.engine.scheduler;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.OwnerId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Who comes next in a worker group, and how many machines the group should have. */
public final class Planner {
  private static final Comparator<Waiting> FIRST_COME =
      Comparator.comparing(Waiting::queuedAt).thenComparing(w -> w.id().value());

  private Planner() {}

  /** An execution that waits for a slot. */
  public record Waiting(ExecutionId id, int priority, OwnerId creator, Instant queuedAt) {}

  /** A machine of a group: how many runs it has, and for how long it has had none. */
  public record Machine(String key, int runs, Duration idle) {}

  /** What a group may have: machines, slots on each, and how long an idle one is kept. */
  public record Bounds(int slots, int scaleMin, int scaleMax, Duration grace) {}

  /** How many machines to add, and which to give back. */
  public record Scale(int grow, List<String> shrink) {
    public Scale {
      shrink = List.copyOf(shrink);
    }
  }

  /**
   * The order in which the waiting should start: highest priority first; among equals the user with
   * the fewest running, counting those before in this very order; then first come.
   *
   * @param running how many each user has running in the group
   */
  public static List<Waiting> order(Collection<Waiting> waiting, Map<OwnerId, Long> running) {
    Map<Integer, List<Waiting>> classes = new TreeMap<>(Comparator.reverseOrder());
    for (Waiting one : waiting) {
      classes.computeIfAbsent(one.priority(), p -> new ArrayList<>()).add(one);
    }
    Map<OwnerId, Long> load = new HashMap<>(running);
    List<Waiting> order = new ArrayList<>(waiting.size());
    for (List<Waiting> equals : classes.values()) {
      share(equals, load, order);
    }
    return order;
  }

  private static void share(List<Waiting> equals, Map<OwnerId, Long> load, List<Waiting> order) {
    Map<OwnerId, Deque<Waiting>> lines = new LinkedHashMap<>();
    equals.stream()
        .sorted(FIRST_COME)
        .forEach(w -> lines.computeIfAbsent(w.creator(), c -> new ArrayDeque<>()).add(w));
    while (!lines.isEmpty()) {
      Waiting next =
          lines.values().stream()
              .map(Deque::element)
              .min(
                  Comparator.<Waiting>comparingLong(w -> load.getOrDefault(w.creator(), 0L))
                      .thenComparing(FIRST_COME))
              .orElseThrow();
      order.add(next);
      load.merge(next.creator(), 1L, Long::sum);
      lines.computeIfPresent(
          next.creator(),
          (creator, line) -> {
            line.remove();
            return line.isEmpty() ? null : line;
          });
    }
  }

  /**
   * How the group should grow or shrink. Wanted are enough slots for all that run or wait, never
   * less than {@code scaleMin} nor more than {@code scaleMax} machines; given back are only
   * machines without runs that were idle for the grace time, longest idle first.
   *
   * @param demand executions that run or wait
   */
  public static Scale scale(int demand, List<Machine> machines, Bounds bounds) {
    int needed = (demand + bounds.slots() - 1) / bounds.slots();
    int wanted = Math.max(bounds.scaleMin(), Math.min(bounds.scaleMax(), needed));
    int surplus = machines.size() - wanted;
    if (surplus <= 0) {
      return new Scale(-surplus, List.of());
    }
    List<String> shrink =
        machines.stream()
            .filter(m -> m.runs() == 0 && m.idle().compareTo(bounds.grace()) >= 0)
            .sorted(Comparator.comparing(Machine::idle).reversed())
            .limit(surplus)
            .map(Machine::key)
            .toList();
    return new Scale(0, shrink);
  }
}
