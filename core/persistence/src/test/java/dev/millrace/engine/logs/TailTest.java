package dev.millrace.engine.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Scope;
import dev.millrace.persistence.H2Database;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Whoever reads a log bit by bit, cut off at any place, gets what whoever reads it whole gets. */
class TailTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private FileLogs live;
  private Logs logs;
  private ExecutionId id;

  /** What was read, by stream, and where the reader is. */
  private final Map<LogStream, List<String>> seen = new EnumMap<>(LogStream.class);

  private final AtomicReference<LogPosition> position = new AtomicReference<>(LogPosition.START);

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    live = new FileLogs(folder.resolve("logs"), desk.clock);
    logs = new Logs(desk.database, live, desk.blobs);
    id = desk.run(desk.ada, desk.adas).execution().id();
    for (LogStream stream : LogStream.values()) {
      seen.put(stream, new ArrayList<>());
    }
  }

  private Execution row() {
    return desk.database.read(s -> s.executions().find(new Scope.Everything(), id).orElseThrow());
  }

  /**
   * One connection: reads what there is, in batches, and remembers the last position only. Whether
   * there is more.
   */
  private boolean connect(int lines, int batches) {
    LogTail tail = logs.follow(LogPosition.parse(position.get().toString()).orElseThrow());
    for (int i = 0; i < batches; i++) {
      LogTail.Found found =
          tail.read(
              row(),
              lines,
              (line, after) -> {
                seen.get(line.stream()).add(line.message());
                position.set(after);
              });
      assertTrue(found.here());
      if (!found.more()) {
        return false;
      }
    }
    return true;
  }

  private Map<LogStream, List<String>> whole() {
    Map<LogStream, List<String>> all = new EnumMap<>(LogStream.class);
    for (LogStream stream : LogStream.values()) {
      List<String> lines = new ArrayList<>();
      try (LogView view = logs.open(row(), 0, EnumSet.of(stream))) {
        view.forEach(line -> lines.add(line.message()));
      }
      all.put(stream, lines);
    }
    return all;
  }

  /** Tells the first difference: the whole text would be too long. */
  private void assertSame(String what) {
    whole()
        .forEach(
            (stream, all) -> {
              List<String> lines = bySource(all);
              List<String> read = bySource(seen.get(stream));
              for (int i = 0; i < Math.max(lines.size(), read.size()); i++) {
                String expected = i < lines.size() ? brief(lines.get(i)) : "the end";
                String found = i < read.size() ? brief(read.get(i)) : "the end";
                assertEquals(expected, found, what + ", line " + i + " of " + stream);
              }
            });
  }

  /** The worker's and the master's status lines are in order each, but not among each other. */
  private static List<String> bySource(List<String> lines) {
    List<String> sorted = new ArrayList<>(lines);
    sorted.sort(Comparator.comparing(line -> line.startsWith("note ")));
    return sorted;
  }

  private static String brief(String line) {
    return line.length() < 60 ? line : line.substring(0, 60) + " of " + line.length();
  }

  private void settle(LogLengths lengths) {
    desk.change(
        id,
        c ->
            c.status(ExecutionStatus.COMPLETE)
                .endedAt(desk.clock.now)
                .settledAt(desk.clock.now)
                .logLengths(lengths));
    desk.clock.now = desk.clock.now.plusSeconds(5);
  }

  private void seal() {
    new Sealing(desk.database, live, desk.blobs, new Settings(n -> null), desk.clock, false).tick();
    assertTrue(row().log().isPresent());
  }

  @Test
  void cutAtAnyPlaceNothingIsLostOrDoubled() {
    for (long seed = 1; seed <= 8; seed++) {
      id = desk.run(desk.ada, desk.adas).execution().id();
      position.set(LogPosition.START);
      seen.values().forEach(List::clear);
      cutAtRandom(new Random(seed));
      assertSame("seed " + seed);
      assertTrue(seen.get(LogStream.STDOUT).size() > 20, "seed " + seed);
    }
  }

  private void cutAtRandom(Random random) {
    Map<LogStream, Long> lengths = new EnumMap<>(LogStream.class);
    for (int i = 0; i < 120; i++) {
      desk.clock.now = desk.clock.now.plusMillis(random.nextInt(20));
      LogStream stream = LogStream.values()[random.nextInt(3)];
      byte[] chunk = chunk(random);
      long at = lengths.getOrDefault(stream, 0L);
      // A chunk of another stream may have been read earlier by the worker and come later.
      lengths.put(
          stream,
          live.append(id, stream, at, desk.clock.now.minusMillis(random.nextInt(500)), chunk));
      if (random.nextInt(10) == 0) {
        live.note(id, "note " + i);
      }
      if (random.nextInt(4) == 0) {
        connect(1 + random.nextInt(7), 1 + random.nextInt(3));
      }
    }
    settle(
        new LogLengths(
            lengths.getOrDefault(LogStream.STDOUT, 0L),
            lengths.getOrDefault(LogStream.STDERR, 0L),
            lengths.getOrDefault(LogStream.STATUS, 0L)));
    connect(5, random.nextInt(4));
    seal();
    while (connect(1 + random.nextInt(9), 1 + random.nextInt(2))) {
      // There is more.
    }
  }

  /** Lines of all kinds: empty, long, not UTF-8, cut in the middle. */
  private static byte[] chunk(Random random) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int lines = random.nextInt(5);
    for (int i = 0; i < lines; i++) {
      switch (random.nextInt(5)) {
        case 0 -> out.write('\n');
        case 1 -> out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xfe, '\n'});
        case 2 -> {
          if (random.nextInt(6) == 0) {
            out.writeBytes("ä".repeat(40_000).getBytes(StandardCharsets.UTF_8));
          }
        }
        default ->
            out.writeBytes(("line " + random.nextInt() + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    out.writeBytes("half".getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }

  @Test
  void aLongSealedLogIsReadOnFromItsMiddle() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 45_000; i++) {
      text.append("line ").append(i).append('\n');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    long length = live.append(id, LogStream.STDOUT, 0, desk.clock.now, bytes);
    connect(30_000, 1);
    settle(new LogLengths(length, 0, 0));
    seal();
    connect(7_000, 1);
    connect(7_000, 9);
    assertEquals(45_000, seen.get(LogStream.STDOUT).size());
    assertSame("45,000 lines");
    LogTail.Found found =
        logs.follow(position.get()).read(row(), 10, (line, after) -> seen.clear());
    assertFalse(found.more());
    assertFalse(seen.isEmpty());
  }

  @Test
  void aLogThatAnotherMasterHasIsNotHere() {
    LogTail.Found found =
        logs.follow(LogPosition.START).read(row(), 10, (line, after) -> seen.clear());
    assertFalse(found.here());
    assertTrue(LogPosition.parse("1-2-3").isEmpty());
    assertTrue(LogPosition.parse("1-2-3--4").isEmpty());
  }
}
