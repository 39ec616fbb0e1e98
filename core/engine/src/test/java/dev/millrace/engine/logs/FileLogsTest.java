package dev.millrace.engine.logs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.LogLengths;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLogsTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final Set<LogStream> ALL = EnumSet.allOf(LogStream.class);

  @TempDir Path root;
  private final ExecutionId id = new ExecutionId(UUID.randomUUID());

  private FileLogs logs() {
    return new FileLogs(root, Clock.fixed(NOW, ZoneOffset.UTC));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<LogLine> read(FileLogs logs, int limit, Set<LogStream> streams, boolean whole)
      throws IOException {
    List<LogLine> lines = new ArrayList<>();
    try (LogView view = logs.find(id).orElseThrow().open(limit, streams, whole).orElseThrow()) {
      view.forEach(lines::add);
    }
    return lines;
  }

  private List<String> messages(FileLogs logs, int limit, boolean whole) throws IOException {
    return read(logs, limit, ALL, whole).stream().map(LogLine::message).toList();
  }

  @Test
  void aChunkAtAnotherOffsetIsNotStored() throws IOException {
    FileLogs logs = logs();
    assertEquals(4, logs.append(id, LogStream.STDOUT, 0, NOW, bytes("one\n")));
    assertEquals(4, logs.append(id, LogStream.STDOUT, 0, NOW, bytes("one\n")));
    assertEquals(4, logs.append(id, LogStream.STDOUT, 9, NOW, bytes("two\n")));
    assertEquals(8, logs.append(id, LogStream.STDOUT, 4, NOW.plusSeconds(1), bytes("two\n")));
    assertEquals(List.of("one", "two"), messages(logs, 0, false));
    assertEquals(new LogLengths(8, 0, 0), logs.lengths(id));
  }

  @Test
  void aLineCutIntoChunksIsOneLineWithTheTimeOfItsStart() throws IOException {
    FileLogs logs = logs();
    logs.append(id, LogStream.STDOUT, 0, NOW, bytes("first\nsec"));
    logs.append(id, LogStream.STDOUT, 9, NOW.plusSeconds(1), bytes("ond\nthird"));
    List<LogLine> lines = read(logs, 0, ALL, false);
    assertEquals(List.of("first", "second"), lines.stream().map(LogLine::message).toList());
    assertEquals(NOW.plusNanos(1000), lines.get(1).time());
    List<LogLine> whole = read(logs, 0, ALL, true);
    assertEquals("third", whole.get(2).message());
    assertEquals(NOW.plusSeconds(1).plusNanos(1000), whole.get(2).time());
  }

  @Test
  void streamsAreMergedByTimeAndTheMastersNotesAreStatusLines() throws IOException {
    FileLogs logs = logs();
    logs.append(id, LogStream.STDOUT, 0, NOW.minusSeconds(2), bytes("a\nb\n"));
    logs.append(id, LogStream.STDERR, 0, NOW.minusSeconds(3), bytes("e\n"));
    logs.note(id, "the master\nspeaks");
    logs.append(id, LogStream.STATUS, 0, NOW.minusSeconds(1), bytes("s\n"));
    assertEquals(List.of("e", "a", "b", "s", "the master speaks"), messages(logs, 0, false));
    assertEquals(2, read(logs, 0, Set.of(LogStream.STATUS), false).size());
  }

  @Test
  void aRestartGoesOnWhereTheFilesEnd() throws IOException {
    FileLogs before = logs();
    before.append(id, LogStream.STDOUT, 0, NOW, bytes("a\nb\nhal"));
    FileLogs after = logs();
    assertEquals(7, after.append(id, LogStream.STDOUT, 0, NOW, bytes("x")));
    assertEquals(10, after.append(id, LogStream.STDOUT, 7, NOW, bytes("f\nc")));
    List<LogLine> lines = read(after, 0, ALL, true);
    assertEquals(List.of("a", "b", "half", "c"), lines.stream().map(LogLine::message).toList());
    assertEquals(4, new HashSet<>(lines.stream().map(LogLine::time).toList()).size());
  }

  @Test
  void anIndexEntryWithoutBytesIsDropped() throws IOException {
    FileLogs before = logs();
    before.append(id, LogStream.STDOUT, 0, NOW, bytes("a\n"));
    Path index = root.resolve(id.toString()).resolve("stdout.idx");
    byte[] entry = new StreamFile.Chunk(2, 5, 1, 0).bytes().array();
    Files.write(index, entry, java.nio.file.StandardOpenOption.APPEND);
    FileLogs after = logs();
    after.append(id, LogStream.STDOUT, 2, NOW.plusSeconds(5), bytes("b\n"));
    List<LogLine> lines = read(after, 0, ALL, false);
    assertEquals(NOW.plusSeconds(5), lines.get(1).time());
  }

  @Test
  void theLastLinesAreThoseOfAFullReadHoweverTheStreamWasCut() throws IOException {
    Random random = new Random(7);
    FileLogs logs = logs();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    long time = Micros.of(NOW);
    for (int i = 0; i < 300; i++) {
      byte[] chunk = new byte[random.nextInt(2000) + 1];
      for (int j = 0; j < chunk.length; j++) {
        chunk[j] = (byte) (random.nextInt(20) == 0 ? '\n' : 'a' + random.nextInt(26));
      }
      logs.append(id, LogStream.STDOUT, all.size(), Micros.toInstant(time), chunk);
      all.write(chunk);
      time += 5000;
    }
    List<LogLine> full = read(logs, 0, ALL, true);
    String text = all.toString(StandardCharsets.UTF_8);
    List<String> expected = new ArrayList<>(Arrays.asList(text.split("\n", -1)));
    if (text.endsWith("\n")) {
      expected.remove(expected.size() - 1);
    }
    assertEquals(expected, full.stream().map(LogLine::message).toList());
    for (int i = 1; i < full.size(); i++) {
      assertTrue(full.get(i).time().isAfter(full.get(i - 1).time()), "times rise");
    }
    for (int limit : new int[] {1, 2, 17, 500, 5000, full.size(), full.size() + 3}) {
      int from = Math.max(0, full.size() - limit);
      assertEquals(full.subList(from, full.size()), read(logs, limit, ALL, true));
    }
  }

  @Test
  void aLongLineComesInPiecesAndCutsNoCharacter() throws IOException {
    FileLogs logs = logs();
    String line = "ä€".repeat(60_000);
    byte[] bytes = bytes(line + "\nend\n");
    for (int at = 0; at < bytes.length; at += 100_001) {
      logs.append(
          id,
          LogStream.STDOUT,
          at,
          NOW.plusSeconds(at),
          Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 100_001)));
    }
    List<String> messages = messages(logs, 0, false);
    assertEquals("end", messages.get(messages.size() - 1));
    assertEquals(line, String.join("", messages.subList(0, messages.size() - 1)));
    assertFalse(String.join("", messages).contains("\uFFFD"));
    assertTrue(messages.stream().allMatch(m -> bytes(m).length <= 65_536));
  }

  @Test
  void whatIsNoTextIsShownAsReplacementAndSealedByteByByte() throws IOException {
    FileLogs logs = logs();
    Random random = new Random(3);
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    long time = Micros.of(NOW);
    for (int i = 0; i < 40; i++) {
      byte[] chunk = new byte[20_000];
      random.nextBytes(chunk);
      logs.append(id, LogStream.STDOUT, sent.size(), Micros.toInstant(time), chunk);
      sent.write(chunk);
      byte[] text = bytes("line " + i + "\nnext " + i + "\n");
      logs.append(
          id, LogStream.STDERR, logs.lengths(id).stderr(), Micros.toInstant(time + 10_000), text);
      time += 100_000;
    }
    assertTrue(messages(logs, 0, true).stream().anyMatch(m -> m.contains("\uFFFD")));
    Path file = root.resolve("sealed.gz");
    LogIndex index;
    try (SealedFile sealed = new SealedFile(file);
        LiveLogView view = logs.find(id).orElseThrow().open(0, ALL, true).orElseThrow()) {
      view.records(0, sealed::add);
      index = sealed.finish(logs.lengths(id));
    }
    assertArrayEquals(sent.toByteArray(), rebuilt(file, "stdout", sent.size()));
    List<LogLine> live = read(logs, 0, ALL, true);
    assertEquals(live.size(), index.records());
    List<LogLine> again = new ArrayList<>();
    try (LogView view = new SealedLogView(Files.newInputStream(file), ALL, index.records(), 0, 0)) {
      view.forEach(again::add);
    }
    assertEquals(live, again);
  }

  /** The stream's bytes as anybody would put them together from the sealed file. */
  private static byte[] rebuilt(Path file, String stream, long length) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        LogRecord record = RecordJson.read(line);
        if (record.source().word.equals(stream)) {
          assertEquals(out.size(), record.offset());
          out.write(record.bytes());
          if (!record.continued() && out.size() < length) {
            out.write('\n');
          }
        }
      }
    }
    return out.toByteArray();
  }

  @Test
  void aLogThatIsRemovedBeforeItIsOpenedOpensEmpty() throws IOException {
    FileLogs logs = logs();
    logs.append(id, LogStream.STDOUT, 0, NOW, bytes("one\n"));
    LiveLog log = logs.find(id).orElseThrow();
    logs.remove(id);
    assertTrue(log.open(0, ALL, true).isEmpty());
  }

  @Test
  void whoReadsWhileTheLogIsRemovedGetsAllOfItOrNone() throws Exception {
    FileLogs logs = logs();
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      for (int round = 0; round < 500; round++) {
        for (LogStream stream : ALL) {
          logs.append(id, stream, 0, NOW, bytes("a line of " + stream + "\n"));
        }
        Future<?> removal =
            other.submit(
                () -> {
                  logs.remove(id);
                  return id;
                });
        Optional<LiveLogView> found = Optional.empty();
        Optional<LiveLog> log = logs.find(id);
        if (log.isPresent()) {
          found = log.get().open(0, ALL, true);
        }
        if (found.isPresent()) {
          List<LogLine> lines = new ArrayList<>();
          try (LiveLogView view = found.get()) {
            removal.get(10, TimeUnit.SECONDS);
            view.forEach(lines::add);
          }
          assertEquals(ALL.size(), lines.size());
        }
        removal.get(10, TimeUnit.SECONDS);
        assertTrue(logs.find(id).isEmpty());
      }
    } finally {
      other.shutdownNow();
    }
  }

  @Test
  void aSealedLogHasManyMembersAndKnowsWhereEachStarts() throws IOException {
    Path file = root.resolve("sealed.gz");
    LogIndex index;
    try (SealedFile sealed = new SealedFile(file)) {
      for (int i = 0; i < 25_000; i++) {
        sealed.add(new LogRecord(LogRecord.Source.STDOUT, i * 10L, i, bytes("line " + i), false));
      }
      index = sealed.finish(new LogLengths(250_000, 0, 0));
    }
    assertEquals(
        List.of(0L, 10_000L, 20_000L), index.members().stream().map(m -> m.first()).toList());
    LogIndex.Member last = index.members().get(2);
    List<LogLine> tail = new ArrayList<>();
    var in = Files.newInputStream(file);
    in.skipNBytes(last.at());
    try (LogView view = new SealedLogView(in, ALL, 25_000, 4_990, 10)) {
      view.forEach(tail::add);
      assertTrue(view.truncated());
    }
    assertEquals(10, tail.size());
    assertEquals("line 24990", tail.get(0).message());
    assertEquals(index, LogIndex.read(new java.io.ByteArrayInputStream(index.bytes())));
  }

  @Test
  void bytesThatWereReadOneAfterAnotherHaveTheirOwnTimes() throws IOException {
    FileLogs logs = logs();
    long first = Micros.of(NOW);
    LogTimes times = LogTimes.of(first, "2:40,6:80", 9);
    logs.append(id, LogStream.STDOUT, 0, times, bytes("a\nb\nc\nd\ne"));
    logs.append(id, LogStream.STDERR, 0, LogTimes.of(first + 20, "2:40", 4), bytes("x\ny\n"));
    assertEquals(List.of("a", "x", "b", "c", "y", "d"), messages(logs, 0, false));
    assertEquals(List.of("c", "y", "d", "e"), messages(logs(), 4, true));
    assertEquals(9, logs().append(id, LogStream.STDOUT, 0, NOW, bytes("x")));
    for (String wrong : new String[] {"0:1", "9:1", "3:1,3:2", "3", "3:-1", "a:1", "3:1,"}) {
      assertThrows(IllegalArgumentException.class, () -> LogTimes.of(first, wrong, 9), wrong);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> LogTimes.of(first, "1:1,".repeat(LogTimes.MOST + 1), 9_000));
  }

  @Test
  void aLineWithoutItsEndIsShownAsItStandsOnceItHasStoodForAWhile() throws IOException {
    Instant[] now = {NOW};
    FileLogs logs = new FileLogs(root, new Moving(now));
    logs.append(id, LogStream.STDOUT, 0, NOW, bytes("one\ndots ."));
    assertEquals(List.of(), open(logs, 0), "it may only be cut by its chunk");
    now[0] = NOW.plusMillis(300);
    assertEquals(List.of("dots ."), open(logs, 0));
    logs.append(id, LogStream.STDOUT, 10, now[0], bytes("."));
    assertEquals(List.of("dots .."), open(logs, 0));
    logs.append(id, LogStream.STDERR, 0, now[0], bytes("10%\r 20%\r"));
    now[0] = NOW.plusMillis(900);
    assertEquals(List.of("dots ..", " 20%"), open(logs, 0));
    assertEquals(List.of("one"), messages(logs, 0, false), "it is no line yet");
    try (LogView view = logs.find(id).orElseThrow().open(2, ALL, false).orElseThrow()) {
      assertEquals(3, view.total());
      assertTrue(view.truncated());
      view.forEach(line -> fail("those that are open are the last two: " + line));
    }
    assertEquals(13, logs.append(id, LogStream.STDERR, 9, now[0], bytes("   \r")));
    assertEquals(List.of("dots .."), open(logs, 0), "the bar was wiped out");
    logs.append(id, LogStream.STDOUT, 11, now[0], bytes("\nnext"));
    assertEquals(List.of(), open(logs, 0));
    assertEquals(List.of("one", "dots .."), messages(logs, 0, false));
    assertEquals(List.of("one", "dots ..", "10%\r 20%\r   \r", "next"), messages(logs, 0, true));
    assertEquals(List.of(), open(logs, 0));
  }

  @Test
  void ofALongLineWithoutItsEndTheEndIsShown() throws IOException {
    Instant[] now = {NOW};
    FileLogs logs = new FileLogs(root, new Moving(now));
    logs.append(id, LogStream.STDOUT, 0, NOW, bytes("x".repeat(70_000) + "end"));
    now[0] = NOW.plusSeconds(1);
    List<String> open = open(logs, 0);
    assertEquals(1, open.size());
    assertEquals(4_097, open.get(0).length());
    assertTrue(open.get(0).startsWith("…x") && open.get(0).endsWith("xend"));
  }

  private List<String> open(FileLogs logs, int limit) throws IOException {
    try (LogView view = logs.find(id).orElseThrow().open(limit, ALL, false).orElseThrow()) {
      return view.open().stream().map(LogLine::message).toList();
    }
  }

  /** A clock that the test moves. */
  private static final class Moving extends Clock {
    private final Instant[] now;

    Moving(Instant[] now) {
      this.now = now;
    }

    @Override
    public Instant instant() {
      return now[0];
    }

    @Override
    public java.time.ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }
  }
}
