package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.worker.runtime.RunPipes;
import dev.millrace.worker.wire.LogChunk;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run writes to its pipes is in its log: all of it, once, in order. */
class StreamReceiverTest {
  @TempDir Path dir;
  private PipedRun run;

  @BeforeEach
  void make() throws Exception {
    run = new PipedRun(dir.resolve("run"));
  }

  @AfterEach
  void end() throws Exception {
    run.close();
  }

  private static String lines(String name, int from, int to) {
    return IntStream.rangeClosed(from, to)
        .mapToObj(i -> name + " " + i + "\n")
        .collect(Collectors.joining());
  }

  private void received(String script) throws Exception {
    try (RunLog log = run.log(Long.MAX_VALUE)) {
      log.receive(run.pipes);
      PipedRun.await(run.shell(script));
      log.end();
    }
  }

  /** All lines, in the order in which the master merges them. */
  private List<String> merged() throws IOException {
    record Line(long time, String text) {}
    List<Line> lines = new ArrayList<>();
    try (RunLog log = run.log(Long.MAX_VALUE)) {
      for (String stream : List.of("stdout", "stderr")) {
        StringBuilder line = new StringBuilder();
        long since = 0;
        LogChunk chunk = log.chunk(stream, 0);
        while (chunk != null) {
          for (LogChunk part : chunk.parts()) {
            long time = part.time();
            for (byte b : part.bytes()) {
              since = line.length() == 0 ? time : since;
              if (b == '\n') {
                lines.add(new Line(since, line.toString()));
                line.setLength(0);
                time++;
              } else {
                line.append((char) b);
              }
            }
          }
          chunk = log.chunk(stream, chunk.offset() + chunk.bytes().length);
        }
      }
    }
    lines.sort(Comparator.comparing(Line::time));
    return lines.stream().map(Line::text).toList();
  }

  @Test
  void openingAStreamAnewLosesNothing() throws Exception {
    received(
        "seq 1 5000; echo two > /dev/stdout; echo three | tee /dev/stderr >/dev/null;"
            + " echo four > /proc/self/fd/1; : > /dev/stdout; echo five | dd of=/dev/stdout"
            + " 2>/dev/null; i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo e $i >/dev/stderr; done");
    String numbers =
        IntStream.rangeClosed(1, 5000).mapToObj(i -> i + "\n").collect(Collectors.joining());
    assertEquals(numbers + "two\nfour\nfive\n", run.text("stdout"));
    assertEquals("three\n" + lines("e", 1, 500), run.text("stderr"));
  }

  @Test
  void theStreamsStandInTheOrderOfTheirWriting() throws Exception {
    received(
        "i=0; while [ $i -lt 40 ]; do echo out $i; sleep 0.05; echo err $i >&2; sleep 0.05;"
            + " i=$((i+1)); done");
    List<String> wanted = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      wanted.add("out " + i);
      wanted.add("err " + i);
    }
    List<String> found = merged();
    // A machine that has other work may hold a reader for longer than that, now and then.
    long out = IntStream.range(0, 80).filter(i -> !wanted.get(i).equals(found.get(i))).count();
    assertTrue(out <= 4, () -> String.join("\n", found));
  }

  @Test
  void bothStreamsAtFullSpeedStayNearEachOther() throws Exception {
    int lines = 200_000;
    received(
        "exec perl -e 'for $i (1.."
            + lines
            + ") { syswrite STDOUT, \"out $i\\n\";"
            + " syswrite STDERR, \"err $i\\n\" }'");
    assertEquals(lines("out", 1, lines), run.text("stdout"));
    assertEquals(lines("err", 1, lines), run.text("stderr"));
    int out = 0;
    int err = 0;
    int apart = 0;
    for (String line : merged()) {
      int number = Integer.parseInt(line.substring(4));
      if (line.startsWith("out")) {
        out = number;
      } else {
        err = number;
      }
      apart = Math.max(apart, Math.abs(out - err));
    }
    // Two pipes hold 64 KiB each, which are more than 6,000 of these lines.
    assertTrue(apart < 4_000, "lines apart: " + apart);
    System.out.println("lines apart at most: " + apart);
  }

  @Test
  void whoeverReceivesMayBeKilledAtAnyMoment() throws Exception {
    int lines = 1_500_000;
    Random random = new Random(9);
    Process writer =
        run.shell(
            "exec perl -e '$| = 1; for $i (1.."
                + lines
                + ") { print STDOUT \"out $i\\n\";"
                + " print STDERR \"err $i\\n\" if $i % 3 == 0 }'");
    int kills = 0;
    while (writer.isAlive()) {
      Process receiver = run.receiver();
      // A moment that differs: so many bytes after it began.
      long until = size() + 1 + random.nextInt(2_000_000);
      await(() -> !writer.isAlive() || size() >= until);
      receiver.destroyForcibly().waitFor();
      kills++;
    }
    try (RunLog log = run.log(Long.MAX_VALUE)) {
      log.receive(run.pipes);
      log.end();
    }
    System.out.println("kills: " + kills);
    assertTrue(kills > 3, "killed " + kills + " times");
    assertEquals(lines("out", 1, lines).hashCode(), run.text("stdout").hashCode());
    StringBuilder err = new StringBuilder();
    for (int i = 3; i <= lines; i += 3) {
      err.append("err ").append(i).append('\n');
    }
    assertEquals(err.toString().hashCode(), run.text("stderr").hashCode());
  }

  private long size() throws IOException {
    Path file = run.folder.logs().resolve("stdout.log");
    return Files.exists(file) ? Files.size(file) : 0;
  }

  @Test
  void whatIsInThePipesOutlivesTheRunAndItsReceiver() throws Exception {
    hold();
    Process receiver = run.receiver();
    Process first = run.shell("echo one");
    PipedRun.await(first);
    await(() -> size() == 4);
    receiver.destroyForcibly().waitFor();
    PipedRun.await(run.shell("echo two; echo three >&2"));
    try (RunLog log = run.log(Long.MAX_VALUE)) {
      log.receive(run.pipes);
      log.end();
    }
    assertEquals("one\ntwo\n", run.text("stdout"));
    assertEquals("three\n", run.text("stderr"));
  }

  @Test
  void whoHoldsThePipesMayBeKilledAndIsReplaced() throws Exception {
    long first = hold();
    ProcessHandle held = ProcessHandle.of(first).orElseThrow();
    held.destroyForcibly();
    held.onExit().get(60, TimeUnit.SECONDS);
    long second = hold();
    assertTrue(second != first);
    assertEquals(second, hold());
    run.pipes.release();
    await(() -> ProcessHandle.of(second).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void whatAnEarlierWorkerReadWaitsForRoomOnTheDisk() throws Exception {
    StreamInbox inbox = StreamInbox.open(run.folder.logs().resolve("stdout.inbox"));
    byte[] read = "one\n".getBytes(StandardCharsets.UTF_8);
    inbox.receive(Channels.newChannel(new ByteArrayInputStream(read)), read.length);
    AtomicInteger full = new AtomicInteger(3);
    StringBuffer kept = new StringBuffer();
    StreamReceiver.Sink sink =
        (stream, bytes, start, micros) -> {
          if (full.getAndDecrement() > 0) {
            throw new IOException("No space left on device");
          }
          kept.append(StandardCharsets.UTF_8.decode(bytes));
        };
    try (StreamReceiver receiver =
        new StreamReceiver(run.folder.logs(), RunPipes.NAMES, sink, Clock.systemUTC())) {
      receiver.start();
      receiver.drain();
    }
    assertEquals("one\n", kept.toString());
  }

  @Test
  void whoHoldsThePipesIsNotLeftWhereNobodyWouldFindIt() throws Exception {
    // A note that cannot be written.
    Path note = Files.createDirectory(run.folder.logs().resolve("holder.tmp"));
    assertThrows(IOException.class, run.pipes::hold);
    await(() -> holders() == 0);
    Files.delete(note);
    hold();
    assertEquals(1, holders());
  }

  /** Processes that were started to hold the pipes. */
  private long holders() {
    String folder = run.folder.logs().toString();
    return ProcessHandle.allProcesses()
        .filter(p -> p.isAlive() && p.info().commandLine().orElse("").contains("pipes " + folder))
        .count();
  }

  /** The process that holds the pipes, once it does. */
  private long hold() throws Exception {
    run.pipes.hold();
    long holder =
        Long.parseLong(Files.readString(run.folder.logs().resolve("holder")).strip().split(" ")[0]);
    Path fd = Path.of("/proc", Long.toString(holder), "fd", "4");
    await(() -> Files.exists(fd) && Files.isSameFile(fd, run.pipes.pipe("stderr")));
    return holder;
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!condition.holds()) {
      assertTrue(System.nanoTime() < end, "it takes too long");
      LockSupport.parkNanos(200_000);
    }
  }

  @Test
  void beyondTheLimitTheRunIsReadOnAndNotHeld() throws Exception {
    try (RunLog log = run.log(1_000)) {
      log.receive(run.pipes);
      PipedRun.await(run.shell("seq 1 100000; seq 1 100000 >&2; echo done >&2"));
      log.end();
      LogChunk status = log.chunk("status", 0);
      assertNotNull(status);
      String said = new String(status.bytes(), StandardCharsets.UTF_8);
      assertTrue(said.contains("limit of 1000 bytes; " + (2 * 588_895 + 5 - 1_000)), said);
    }
    assertEquals(1_000, run.text("stdout").length() + run.text("stderr").length());
  }

  @Test
  void aRunOfAnEarlierReleaseWritesFilesOfItsOwn() throws Exception {
    Files.delete(run.pipes.pipe("stdout"));
    Files.delete(run.pipes.pipe("stderr"));
    try (RunLog log = run.log(Long.MAX_VALUE)) {
      log.receive(run.pipes);
      Files.writeString(run.folder.logs().resolve("stdout.log"), "one\ntwo\n");
      log.look();
      assertEquals(8, log.stamped("stdout"));
      // It cut its own log short.
      Files.writeString(run.folder.logs().resolve("stdout.log"), "one\n");
      log.look();
      log.end();
      LogChunk chunk = log.chunk("stdout", 0);
      assertNotNull(chunk);
      assertEquals("one\n    ", new String(chunk.bytes(), StandardCharsets.UTF_8));
    }
  }
}
