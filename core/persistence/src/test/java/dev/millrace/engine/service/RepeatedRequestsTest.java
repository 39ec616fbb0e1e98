package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class RepeatedRequestsTest {
  private static final IdempotencyKey KEY = new IdempotencyKey("key-1", "aa".repeat(32));

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Submission asked;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    asked = Desk.ask(desk.adas, desk.upload(desk.ada, desk.adas, Desk.YAML), "train");
  }

  @Test
  void theSameRequestUnderTheSameKeyIsAnsweredWithTheFirstExecution() {
    ExecutionId first = submit(KEY);
    assertEquals(first, submit(KEY));
    assertEquals(1, executions());
    assertNotEquals(first, submit(new IdempotencyKey("key-2", KEY.fingerprint())));
    assertEquals(2, executions());
  }

  @Test
  void anotherRequestUnderTheSameKeyIsAConflictAndMakesNothing() {
    submit(KEY);
    Conflict refused =
        assertThrows(Conflict.class, () -> submit(new IdempotencyKey(KEY.text(), "bb".repeat(32))));
    assertEquals("idempotency_key_reused", refused.code());
    assertEquals(1, executions());
  }

  @Test
  void aKeyBelongsToOneUser() {
    submit(KEY);
    Submission bobs = Desk.ask(desk.bobs, desk.upload(desk.bob, desk.bobs, Desk.YAML), "train");
    assertEquals(1, desk.submissions.submit(desk.bob, bobs, KEY).execution().counter());
    assertEquals(2, executions());
  }

  @Test
  void aRequestThatWasRefusedLeavesItsKeyFree() {
    Submission wrong =
        new Submission(
            asked.project(),
            asked.commit(),
            "nothing",
            asked.command(),
            asked.image(),
            asked.title(),
            asked.environment(),
            asked.inputs(),
            asked.parameters(),
            asked.environmentVariables(),
            asked.tags(),
            asked.priority(),
            asked.timeLimitSeconds(),
            asked.runtimeConfig(),
            asked.environmentVariableGroups(),
            true,
            asked.runtimeConfigPreset());
    assertThrows(Invalid.class, () -> desk.submissions.submit(desk.ada, wrong, KEY));
    submit(new IdempotencyKey(KEY.text(), "bb".repeat(32)));
    assertEquals(1, executions());
  }

  @Test
  void aKeyIsForgottenAfterADay() {
    ExecutionId first = submit(KEY);
    desk.clock.now = desk.clock.now.plus(RepeatedRequests.KEPT);
    assertEquals(first, submit(KEY));
    desk.clock.now = desk.clock.now.plusSeconds(1);
    assertNotEquals(first, submit(new IdempotencyKey(KEY.text(), "bb".repeat(32))));
  }

  @Test
  void twinsSentAtTheSameMomentMakeOneExecution() throws Exception {
    int twins = 6;
    ExecutorService threads = Executors.newFixedThreadPool(twins);
    try {
      CyclicBarrier start = new CyclicBarrier(twins);
      List<Future<ExecutionId>> sent = new ArrayList<>();
      for (int i = 0; i < twins; i++) {
        sent.add(
            threads.submit(
                () -> {
                  start.await(60, TimeUnit.SECONDS);
                  return submit(KEY);
                }));
      }
      Set<ExecutionId> made = new HashSet<>();
      for (Future<ExecutionId> one : sent) {
        made.add(one.get(120, TimeUnit.SECONDS));
      }
      assertEquals(1, made.size());
      assertEquals(1, executions());
    } finally {
      threads.shutdownNow();
    }
  }

  private ExecutionId submit(IdempotencyKey key) {
    return desk.submissions.submit(desk.ada, asked, key).execution().id();
  }

  private long executions() {
    ExecutionFilter all =
        new ExecutionFilter(
            Optional.empty(),
            Set.of(),
            Set.of(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            ExecutionFilter.Order.CREATED);
    return h2.database()
        .read(s -> s.executions().keys(new Scope.Everything(), all, Slice.first(10)))
        .total();
  }
}
