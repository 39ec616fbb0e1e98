package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every database does for facts and metadata. */
abstract class JournalContract extends Contract {
  private int stamp(int limit) {
    return database.transact(s -> s.facts().stamp(limit));
  }

  private List<Fact> after(long position) {
    return read(s -> s.facts().after(position, 100));
  }

  private static MetadataLine line(long offset, String json) {
    return new MetadataLine(offset, NOW.plusNanos(1000 * offset), json);
  }

  @Test
  final void factsGetPositionsInTheirOrderOnce() {
    Execution first = submitted(1);
    Execution second = submitted(2);
    update(first, "Started");
    assertEquals(List.of(), after(0));
    assertEquals(2, stamp(2));
    assertEquals(1, stamp(2));
    assertEquals(0, stamp(2));
    List<Fact> facts = after(0);
    assertEquals(
        List.of(first.id(), second.id(), first.id()), facts.stream().map(Fact::execution).toList());
    assertEquals(
        List.of(1L, 2L, 3L), facts.stream().map(fact -> fact.position().orElseThrow()).toList());
    assertEquals(
        new Fact(first.id(), 2, "Started", NOW, "{\"by\":\"test\"}", Optional.of(3L)),
        after(2).get(0));
  }

  @Test
  final void aLateCommitGetsALaterPosition() throws Exception {
    CountDownLatch inserted = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Execution late = Samples.execution(project.id(), group, 1);
    Thread slow =
        new Thread(
            () ->
                write(
                    s -> {
                      s.executions().insert(late, Samples.fact(late.id(), "Submitted"));
                      inserted.countDown();
                      await(go);
                    }));
    slow.start();
    assertTrue(inserted.await(60, TimeUnit.SECONDS));
    Execution quick = submitted(2);
    assertEquals(1, stamp(10));
    assertEquals(List.of(quick.id()), after(0).stream().map(Fact::execution).toList());
    go.countDown();
    slow.join(60_000);
    assertEquals(1, stamp(10));
    assertEquals(List.of(late.id()), after(1).stream().map(Fact::execution).toList());
  }

  @Test
  final void twoLeadersByMistakeStampEachFactOnce() throws Exception {
    for (int i = 1; i <= 20; i++) {
      submitted(i);
    }
    List<Integer> stamped = together(4, () -> stamp(20));
    assertEquals(20, stamped.stream().mapToInt(Integer::intValue).sum());
    List<Long> positions = new ArrayList<>();
    after(0).forEach(fact -> positions.add(fact.position().orElseThrow()));
    for (int i = 0; i < 20; i++) {
      assertEquals(i + 1, positions.get(i));
    }
  }

  @Test
  final void metadataAreAppendedByOffsetAndTwiceMeansOnce() {
    ExecutionId id = submitted(1).id();
    List<MetadataLine> first = List.of(line(0, "{\"a\":1}"), line(9, "{\"b\":\"x\"}"));
    assertEquals(10, append(id, first));
    assertEquals(10, append(id, first));
    List<MetadataLine> overlapping = List.of(line(9, "{\"b\":\"never\"}"), line(30, "{\"a\":2}"));
    assertEquals(31, append(id, overlapping));
    assertEquals(31, append(id, List.of()));
    assertEquals(
        new Rows<>(List.of(first.get(0), first.get(1), overlapping.get(1)), 3),
        read(s -> s.metadata().list(id, Slice.first(10))));
    assertEquals(
        new Rows<>(List.of(first.get(1), overlapping.get(1)), 3),
        read(s -> s.metadata().list(id, new Slice(1, 2))));
    assertEquals(new Rows<>(List.of(), 3), read(s -> s.metadata().list(id, new Slice(5, 2))));
  }

  @Test
  final void withoutMetadataThereIsNothing() {
    ExecutionId id = submitted(1).id();
    assertEquals(0, append(id, List.of()));
    assertEquals(new Rows<>(List.of(), 0), read(s -> s.metadata().list(id, Slice.first(5))));
    assertEquals(Map.of(), read(s -> s.metadata().lastValues(id)));
  }

  @Test
  final void theLastValueOfEachKeyIsKeptInTheOrderOfTheirFirstLine() {
    ExecutionId id = submitted(1).id();
    append(
        id,
        List.of(
            line(0, "{\"z\":1,\"a\":0.5,\"Z\":null}"),
            line(40, "{\"z\":2,\"nested\":{\"x\":[1,2]}}")));
    append(
        id,
        List.of(
            line(90, "{\"a\":\"λ🦊\",\"z \":true,\"" + "k".repeat(5000) + "\":1}"),
            line(6000, "[1]"),
            line(6010, "no json")));
    Map<String, String> values = read(s -> s.metadata().lastValues(id));
    assertEquals(
        List.of("z", "a", "Z", "nested", "z ", "k".repeat(5000)), List.copyOf(values.keySet()));
    assertEquals(
        List.of("2", "\"λ🦊\"", "null", "{\"x\":[1,2]}", "true", "1"),
        List.copyOf(values.values()));
    assertEquals(5, read(s -> s.metadata().list(id, Slice.first(1))).total());
  }

  @Test
  final void aBatchThatIsSentTwiceAtOnceIsStoredOnce() throws Exception {
    ExecutionId id = submitted(1).id();
    List<MetadataLine> lines = List.of(line(0, "{\"a\":1}"), line(8, "{\"a\":2}"));
    List<Long> ends = together(6, () -> append(id, lines));
    assertEquals(6, Collections.frequency(ends, 9L));
    assertEquals(2, read(s -> s.metadata().list(id, Slice.first(9))).total());
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody said go");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Test
  final void metadataIsCutAtItsLimitForGoodAndSaysSo() {
    ExecutionId id = submitted(1).id();
    MetadataStore.Limit limit = new MetadataStore.Limit(3, 30);
    assertFalse(append(id, limit, line(0, "{\"a\": 1}"), line(9, "{\"a\": 2}")).cut());
    assertFalse((boolean) read(s -> s.metadata().cut(id)));
    MetadataStore.Appended full =
        append(id, limit, line(18, "{\"b\": 1}"), line(27, "{\"c\": 1}"), line(36, "{}"));
    assertEquals(new MetadataStore.Appended(37, true), full);
    assertTrue(append(id, limit, line(40, "{}")).cut(), "a short line after the cut is no hole");
    assertTrue((boolean) read(s -> s.metadata().cut(id)));
    assertEquals(3, read(s -> s.metadata().list(id, Slice.first(10))).total());
    assertEquals(Map.of("a", "2", "b", "1"), read(s -> s.metadata().lastValues(id)));
    ExecutionId other = submitted(2).id();
    MetadataStore.Limit bytes = new MetadataStore.Limit(100, 17);
    assertTrue(append(other, bytes, line(0, "{\"a\": 1}"), line(9, "{\"long\": 1}")).cut());
    assertEquals(1, read(s -> s.metadata().list(other, Slice.first(10))).total());
  }

  private MetadataStore.Appended append(
      ExecutionId id, MetadataStore.Limit limit, MetadataLine... lines) {
    return database.transact(s -> s.metadata().append(id, List.of(lines), limit));
  }

  private long append(ExecutionId id, List<MetadataLine> lines) {
    MetadataStore.Limit limit = new MetadataStore.Limit(1_000, 1 << 20);
    return database.transact(s -> s.metadata().append(id, lines, limit)).next();
  }
}
