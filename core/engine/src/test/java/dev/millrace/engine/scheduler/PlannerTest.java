package dev.millrace.engine.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.scheduler.Planner.Bounds;
import dev.millrace.engine.scheduler.Planner.Machine;
import dev.millrace.engine.scheduler.Planner.Scale;
import dev.millrace.engine.scheduler.Planner.Waiting;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final Instant START = Instant.parse("2026-11-23T12:00:00Z");
  private static final OwnerId ADA = new OwnerId(1);
  private static final OwnerId BOB = new OwnerId(2);

  private static Waiting waiting(int priority, OwnerId creator, int second) {
    return new Waiting(
        new ExecutionId(UUID.randomUUID()), priority, creator, START.plusSeconds(second));
  }

  @Test
  void thePriorityComesFirstThenTheUserWithFewerRunningThenWhoCameFirst() {
    Waiting adaEarly = waiting(0, ADA, 1);
    Waiting adaLate = waiting(0, ADA, 2);
    Waiting bob = waiting(0, BOB, 3);
    Waiting urgent = waiting(1, ADA, 4);
    assertEquals(
        List.of(urgent, bob, adaEarly, adaLate),
        Planner.order(List.of(adaEarly, adaLate, bob, urgent), Map.of(ADA, 1L)));
    assertEquals(
        List.of(adaEarly, bob, adaLate), Planner.order(List.of(adaLate, bob, adaEarly), Map.of()));
  }

  @Test
  void anyOrderKeepsPrioritiesFairnessAndEveryExecutionOnce() {
    Random random = new Random(11);
    for (int round = 0; round < 50; round++) {
      List<Waiting> all = new ArrayList<>();
      Map<OwnerId, Long> running = new HashMap<>();
      for (int i = 0; i < 60; i++) {
        all.add(waiting(random.nextInt(3), new OwnerId(random.nextInt(5)), random.nextInt(1000)));
      }
      for (int user = 0; user < 5; user++) {
        running.put(new OwnerId(user), (long) random.nextInt(4));
      }
      Collections.shuffle(all, random);
      List<Waiting> order = Planner.order(all, running);
      assertEquals(new HashSet<>(all), new HashSet<>(order));
      assertEquals(all.size(), order.size());
      Map<OwnerId, Long> load = new HashMap<>(running);
      for (int i = 0; i < order.size(); i++) {
        Waiting next = order.get(i);
        for (Waiting later : order.subList(i + 1, order.size())) {
          assertTrue(next.priority() >= later.priority(), "priority");
          if (next.priority() == later.priority()) {
            long mine = load.getOrDefault(next.creator(), 0L);
            long theirs = load.getOrDefault(later.creator(), 0L);
            assertTrue(mine <= theirs, "fewest running first");
            if (next.creator().equals(later.creator())) {
              assertTrue(!next.queuedAt().isAfter(later.queuedAt()), "first come");
            }
          }
        }
        load.merge(next.creator(), 1L, Long::sum);
      }
    }
  }

  private static Machine machine(String key, int runs, int idleMinutes) {
    return new Machine(key, runs, Duration.ofMinutes(idleMinutes));
  }

  @Test
  void theGroupGrowsToTheDemandWithinItsBounds() {
    Bounds bounds = new Bounds(4, 1, 3, Duration.ofMinutes(15));
    assertEquals(new Scale(1, List.of()), Planner.scale(0, List.of(), bounds));
    assertEquals(new Scale(2, List.of()), Planner.scale(5, List.of(), bounds));
    assertEquals(new Scale(3, List.of()), Planner.scale(100, List.of(), bounds));
    assertEquals(new Scale(0, List.of()), Planner.scale(4, List.of(machine("a", 4, 0)), bounds));
  }

  @Test
  void onlyIdleMachinesGoAndOnlyAfterTheGrace() {
    Bounds bounds = new Bounds(1, 0, 5, Duration.ofMinutes(15));
    List<Machine> machines =
        List.of(machine("busy", 1, 0), machine("warm", 0, 5), machine("cold", 0, 20));
    assertEquals(new Scale(0, List.of("cold")), Planner.scale(1, machines, bounds));
    assertEquals(new Scale(0, List.of()), Planner.scale(3, machines, bounds));
  }
}
