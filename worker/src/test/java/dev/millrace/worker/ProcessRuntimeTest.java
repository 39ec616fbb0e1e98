package dev.millrace.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real worker with real processes, from claim to sealed. */
class ProcessRuntimeTest {
  private static final String ID = "0198f3a0-7c11-7a52-9c3e-5d1f0e6b7a01";

  @TempDir Path dir;
  private FakeMaster master;
  private WorkerProcess worker;

  @BeforeEach
  void start() throws IOException {
    master = new FakeMaster();
    worker = WorkerProcess.start(master.address(), dir);
  }

  @AfterEach
  void stop() throws Exception {
    worker.close();
    master.close();
  }

  private FakeMaster.Seen run(ObjectNode assignment) {
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "settled", r -> r.settled != null);
    return run;
  }

  private String stored(JsonNode output) {
    return new String(master.store.get(output.get("uploadId").asText()), StandardCharsets.UTF_8);
  }

  @Test
  void commandsShareOneShellAndTheirOutputsAreUploaded() throws Exception {
    FakeMaster.Seen run =
        run(
            master.assignment(
                ID,
                "A=1; cd \"$VH_OUTPUTS_DIR\"; mkdir sub",
                "echo \"a is $A\" | tee sub/a.txt; echo oops >&2",
                "echo '{\"epoch\": 1, \"loss\": NaN}'",
                "echo '{\"seed\": 7}' > sub/a.txt.metadata.json; test -d /valohai/config"));
    assertEquals(0, run.ended.get("exitCode").asInt(), run.log("stderr"));
    assertFalse(run.ended.has("reason"), run.ended.toString());
    assertEquals("a is 1\n{\"epoch\": 1, \"loss\": NaN}\n", run.log("stdout"));
    assertEquals("oops\n", run.log("stderr"));
    assertEquals(1, run.outputs.size(), run.outputs.toString());
    JsonNode output = run.outputs.get("sub/a.txt");
    assertEquals("a is 1\n", stored(output));
    assertEquals(7, output.get("metadata").get("seed").asInt());
    assertEquals(1, run.metadata.size());
    assertEquals("NaN", run.metadata.get(0).get("json").get("loss").asText());
    assertEquals(7, run.metadata.get(0).get("offset").asInt());
    assertEquals(run.log("stdout").length(), run.settled.get("log").get("stdout").asInt());
    assertTrue(run.timeFaults.isEmpty(), run.timeFaults.toString());
    master.order(ID, "sealed");
    master.await(run, "removed", r -> !Files.exists(dir.resolve("runs/" + ID)));
  }

  @Test
  void theFirstFailingCommandEndsTheRun() throws Exception {
    FakeMaster.Seen run = run(master.assignment(ID, "echo one", "sh -c 'exit 3'", "echo never"));
    assertEquals(3, run.ended.get("exitCode").asInt());
    assertEquals("exit-code", run.ended.get("reason").asText());
    assertEquals("one\n", run.log("stdout"));
  }

  @Test
  void stopReachesAProgramTwoLevelsBelowInTheBackground() throws Exception {
    String program =
        "perl -e '$SIG{INT}=sub{open(F,\">\",\"$ENV{VH_OUTPUTS_DIR}/got\");print F \"INT\";"
            + "close F;exit 0}; $|=1; print \"up\\n\"; sleep 1 while 1'";
    ObjectNode assignment =
        master.assignment(
            ID,
            "cat > a.sh <<'X'\n" + program + " &\nwait\nX\ncat > b.sh <<'X'\nsh a.sh\nX\nsh b.sh");
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    long from = System.nanoTime();
    master.order(ID, "stop");
    master.await(run, "settled", r -> r.settled != null);
    assertTrue(System.nanoTime() - from < 10_000_000_000L);
    assertTrue(run.ended.get("stopped").asBoolean(), run.ended.toString());
    assertFalse(run.ended.has("reason"));
    assertEquals("INT", stored(run.outputs.get("got")));
  }

  @Test
  void whatIgnoresTheStopIsKilledAtTheGraceAndNothingIsLeft() throws Exception {
    ObjectNode assignment =
        master.assignment(
            ID, "trap '' INT; (trap '' INT; exec sleep 4711) & echo up; while :; do sleep 1; done");
    ((ObjectNode) assignment.get("limits")).put("stopGraceSeconds", 2);
    FakeMaster.Seen run = master.offer(assignment);
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    master.order(ID, "stop");
    master.await(run, "ended", r -> r.ended != null);
    assertTrue(run.ended.get("stopped").asBoolean());
    assertEquals(
        0,
        ProcessHandle.allProcesses()
            .filter(p -> p.info().commandLine().orElse("").contains("sleep 4711"))
            .count());
  }

  @Test
  void aRunOutlivesItsWorkerAndNoByteIsLost() throws Exception {
    FakeMaster.Seen run =
        master.offer(
            master.assignment(
                ID,
                "i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; sleep 0.02; done;"
                    + " echo done > \"$VH_OUTPUTS_DIR/end\"; exit 5"));
    master.await(run, "some lines", r -> r.log("stdout").contains("line 20\n"));
    worker.kill9();
    worker = WorkerProcess.start(master.address(), dir);
    master.await(run, "settled", r -> r.settled != null);
    StringBuilder wanted = new StringBuilder();
    for (int i = 1; i <= 200; i++) {
      wanted.append("line ").append(i).append('\n');
    }
    assertEquals(wanted.toString(), run.log("stdout"));
    assertEquals(5, run.ended.get("exitCode").asInt());
    assertEquals("done\n", stored(run.outputs.get("end")));
  }

  @Test
  void aWorkerWhoseCredentialIsRefusedEndsItsRunsAndExitsWith3() throws Exception {
    FakeMaster.Seen run = master.offer(master.assignment(ID, "echo up; sleep 4712"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    master.refuseCredential();
    assertEquals(3, worker.awaitExit(), worker.output());
    assertEquals(
        0,
        ProcessHandle.allProcesses()
            .filter(p -> p.info().commandLine().orElse("").contains("sleep 4712"))
            .count());
  }

  @Test
  void secretsAreMaskedAcrossChunks() throws Exception {
    FakeMaster.Seen run =
        run(
            master.assignment(
                ID, "printf 'key hidden-'; sleep 0.4; echo value end; echo \"$API_KEY\""));
    assertEquals("key ************ end\n************\n", run.log("stdout"));
  }

  @Test
  void theTimeLimitEndsTheRunWithItsReason() throws Exception {
    ObjectNode assignment = master.assignment(ID, "sleep 60");
    ((ObjectNode) assignment.get("limits")).put("timeSeconds", 1);
    FakeMaster.Seen run = run(assignment);
    assertEquals("time-limit", run.ended.get("reason").asText());
    assertFalse(run.ended.get("stopped").asBoolean());
  }

  @Test
  void aFileMadeReadOnlyIsUploadedWhileTheRunGoesOn() throws Exception {
    FakeMaster.Seen run =
        master.offer(
            master.assignment(
                ID,
                "cd \"$VH_OUTPUTS_DIR\"; echo one > live; chmod 0444 live;"
                    + " while [ -e live ]; do sleep 0.1; done; echo gone"));
    master.await(run, "uploaded", r -> r.outputs.containsKey("live"));
    master.await(run, "settled", r -> r.settled != null);
    assertEquals("gone\n", run.log("stdout"));
    assertEquals(1, run.outputs.size());
  }

  @Test
  void whatTheMasterRefusesOfLogAndMetadataEndsThereAndTheRunEnds() throws Exception {
    master.refusedLines = line -> line.path("n").asInt() % 40 == 7;
    master.refusedStream = "stderr";
    FakeMaster.Seen run =
        run(
            master.assignment(
                ID,
                "i=0; while [ $i -lt 100 ]; do echo \"{\\\"n\\\": $i}\"; i=$((i+1)); done;"
                    + " echo lost >&2; echo end"));
    assertEquals(97, run.metadata.size());
    assertTrue(run.log("stdout").endsWith("end\n"));
    String status = run.log("status");
    assertTrue(status.contains("in the log only: no such line"), status);
    assertTrue(status.contains("The rest of stderr is not kept: no such stream"), status);
  }

  @Test
  void aReadOnlyFileThatIsStillWrittenIsTakenWhole() throws Exception {
    FakeMaster.Seen run =
        run(
            master.assignment(
                ID,
                "cd \"$VH_OUTPUTS_DIR\"; (umask 0333; (echo first; sleep 8; echo last) > a);"
                    + " sleep 0.1"));
    assertEquals("first\nlast\n", stored(run.outputs.get("a")));
    assertEquals(1, run.outputs.size());
  }

  @Test
  void linksInOutputsAreNotFollowed() throws Exception {
    FakeMaster.Seen run =
        run(
            master.assignment(
                ID,
                "cd \"$VH_OUTPUTS_DIR\"; ln -s /etc/passwd p; ln -s /etc d; mkfifo f; echo x > x"));
    assertEquals(java.util.Set.of("x"), run.outputs.keySet());
    assertTrue(run.log("status").contains("Output p is skipped"), run.log("status"));
  }

  @Test
  void theLogIsCutAtItsLimitWithAMark() throws Exception {
    ObjectNode assignment =
        master.assignment(ID, "head -c 3000000 /dev/zero | tr '\\0' x; sleep 0.5; echo tail");
    ((ObjectNode) assignment.get("limits")).put("logBytes", 1000);
    FakeMaster.Seen run = run(assignment);
    assertEquals(1000, run.log("stdout").length());
    assertTrue(run.log("status").contains("bytes dropped"), run.log("status"));
  }

  @Test
  void aRunGoesOnWhileTheMasterIsAway() throws Exception {
    FakeMaster.Seen run =
        master.offer(
            master.assignment(ID, "echo up; sleep 2; seq 1 1000; echo x > $VH_OUTPUTS_DIR/x"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    master.away(true);
    Path exit = dir.resolve("runs/" + ID + "/state/exit");
    while (!Files.exists(exit)) {
      Thread.onSpinWait();
    }
    master.away(false);
    master.await(run, "settled", r -> r.settled != null);
    assertTrue(run.log("stdout").endsWith("\n1000\n"));
    assertTrue(run.outputs.containsKey("x"));
  }

  @Test
  void removeEndsTheWorkerAndItsRuns() throws Exception {
    FakeMaster.Seen run = master.offer(master.assignment(ID, "echo up; sleep 4713"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    assertEquals(0, WorkerProcess.remove(dir));
    worker.awaitExit();
    assertEquals(
        0,
        ProcessHandle.allProcesses()
            .filter(p -> p.info().commandLine().orElse("").contains("sleep 4713"))
            .count());
    assertFalse(Files.exists(dir.resolve("runs/" + ID)));
  }

  @Test
  void aSecondWorkerOnOneFolderExitsWith75() throws Exception {
    master.awaitClaim();
    try (WorkerProcess second = WorkerProcess.start(master.address(), dir)) {
      assertEquals(75, second.awaitExit(), second.output());
    }
  }

  @Test
  void anOrderIsHeardOfAtOnceAndNotWithTheNextBeat() throws Exception {
    worker.close();
    master.beatSeconds = 600;
    Path other = Files.createDirectory(dir.resolve("slow-beats"));
    worker = WorkerProcess.start(master.address(), other);
    FakeMaster.Seen run = master.offer(master.assignment(ID, "echo up; exec sleep 600"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    master.orderAtOnce(ID, "stop");
    master.await(run, "ended", r -> r.ended != null);
    assertTrue(run.ended.get("stopped").asBoolean(), run.ended.toString());
  }

  @Test
  void aSignalThatNobodyHereSentIsNamed() throws Exception {
    FakeMaster.Seen run = run(master.assignment(ID, "sh -c 'kill -9 $$'"));
    assertEquals(137, run.ended.get("exitCode").asInt());
    assertEquals("killed", run.ended.get("reason").asText());
    assertTrue(run.ended.get("detail").asText().contains("SIGKILL"), run.ended.toString());
  }

  @Test
  void metadataBeyondTheLimitIsCountedAndToldAndNotSent() throws Exception {
    master.metadataLimit = 1_000;
    FakeMaster.Seen run =
        run(
            master.assignment(
                ID, "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo \"{\\\"i\\\": $i}\"; done"));
    assertEquals(0, run.ended.get("exitCode").asInt(), run.log("stderr"));
    assertTrue(run.metadata.size() < 3_000, "all were sent: " + run.metadata.size());
    String status = run.log("status");
    assertTrue(status.contains("metadata has reached its limit"), status);
    java.util.regex.Matcher told =
        java.util.regex.Pattern.compile("cut at its limit; (\\d+) lines").matcher(status);
    assertTrue(told.find(), status);
    int dropped = Integer.parseInt(told.group(1));
    assertTrue(dropped >= 1_900 && dropped <= 3_000, status);
  }

  @Test
  void aMasterThatKnowsNoCallYetWhileItStartsIsAskedAgain() throws Exception {
    FakeMaster.Seen run = master.offer(master.assignment(ID, "echo up; sleep 2"));
    master.await(run, "up", r -> r.log("stdout").contains("up"));
    master.awayStatus = 404;
    master.away(true);
    master.await(run, "reports that were refused", r -> master.refusedEnds >= 2);
    master.away(false);
    master.await(run, "settled", r -> r.settled != null);
    assertEquals(0, run.ended.get("exitCode").asInt());
  }
}
