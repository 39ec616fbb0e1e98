package dev.millrace.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.RunUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a plain process of a run may see and change of the machine. */
class IsolationTest {
  private static final int UID = 54_322;

  /** Who the worker is. */
  enum Who {
    ROOT,
    OTHER
  }

  private FakeMaster master;
  private Path base;

  @BeforeEach
  void start() throws IOException {
    assumeTrue(RunUser.current().root(), "this test becomes another user");
    master = new FakeMaster();
    // Not below /tmp, of which a run has its own anyway.
    base = Files.createTempDirectory(Path.of("/var/lib"), "millrace-isolation");
    Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void stop() throws Exception {
    if (master != null) {
      master.close();
      try (Stream<Path> all = Files.walk(base)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  private WorkerProcess worker(Who who, List<String> groups, String... more) throws IOException {
    OtherUser other = new OtherUser(UID, groups, base);
    if (who == Who.OTHER) {
      return other.start(master.address(), more);
    }
    Files.createDirectories(other.own());
    return WorkerProcess.start(master.address(), other.own(), more);
  }

  private FakeMaster.Seen run(String... commands) throws IOException {
    FakeMaster.Seen run = master.offer(master.assignment(UUID.randomUUID().toString(), commands));
    master.await(run, "settled", r -> r.settled != null);
    return run;
  }

  private void give(Path path, Who who) throws IOException {
    if (who == Who.OTHER) {
      Files.setAttribute(path, "unix:uid", UID);
      Files.setAttribute(path, "unix:gid", UID);
    }
  }

  @ParameterizedTest
  @EnumSource(Who.class)
  void aRunSeesNeitherTheWorkersFolderNorTheMastersDataNorHomesNorSockets(Who who)
      throws Exception {
    Path data = Files.createDirectory(base.resolve("data"));
    give(data, who);
    Path key = Files.writeString(data.resolve("installation.key"), "KEY");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    give(key, who);
    try (WorkerProcess worker = worker(who, List.of(), "--hide", data.toString())) {
      FakeMaster.Seen neighbour =
          master.offer(
              master.assignment(
                  UUID.randomUUID().toString(), "echo secret > $VH_OUTPUTS_DIR/s", "sleep 600"));
      master.await(neighbour, "up", r -> "running".equals(r.phase));
      FakeMaster.Seen run =
          run(
              "cat " + key + " " + base + "/own/credential " + base + "/own/runs/*/assignment.json",
              "true");
      assertEquals("", run.log("stdout"), worker.output());
      FakeMaster.Seen look =
          run(
              "find "
                  + base
                  + "/data "
                  + base
                  + "/own "
                  + base
                  + "/home /root /home"
                  + " -mindepth 1 2>/dev/null; true",
              "find /run /var/run/ -type s 2>/dev/null; ls -d /run/user/* 2>/dev/null; true",
              "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -a 'WorkerMai[n]'; true");
      assertEquals("", look.log("stdout"), look.log("stderr"));
      assertEquals(0, look.ended.get("exitCode").asInt(), look.log("stderr"));
      master.order(neighbour.assignment.get("executionId").asText(), "kill");
      master.await(neighbour, "settled", r -> r.settled != null);
      assertEquals(1, neighbour.outputs.size());
    }
  }

  @ParameterizedTest
  @EnumSource(Who.class)
  void aRunWritesItsOutputsRepositoryHomeAndTemporaryFilesAndNothingElse(Who who) throws Exception {
    Path open = Files.createDirectory(base.resolve("open"));
    give(open, who);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
    try (WorkerProcess worker = worker(who, List.of())) {
      FakeMaster.Seen run =
          run(
              "for d in outputs repository .home inputs config .millrace .; do"
                  + " touch /valohai/$d/made 2>/dev/null && echo /valohai/$d; done; true",
              "for d in /tmp /var/tmp /dev/shm "
                  + open
                  + " / /etc /sys /dev /var /var/crash"
                  + " /run /home; do touch $d/made 2>/dev/null && echo $d; done; true",
              "mv /valohai/outputs /valohai/moved 2>/dev/null && echo moved;"
                  + " rmdir /valohai/.home 2>/dev/null && echo removed;"
                  + " umount /valohai 2>/dev/null && echo unmounted;"
                  + " mount -o remount,rw /valohai 2>/dev/null && echo remounted;"
                  + " unshare -Urm umount "
                  + base
                  + "/own 2>/dev/null && echo uncovered;"
                  + " unshare -Urm mount -o remount,bind,rw /valohai 2>/dev/null && echo writable;"
                  + " true",
              "echo x > /dev/null && : < /dev/urandom && echo devices; id -G | wc -w");
      assertEquals(0, run.ended.get("exitCode").asInt(), run.log("stderr") + worker.output());
      assertEquals(
          List.of(
              "/valohai/outputs",
              "/valohai/repository",
              "/valohai/.home",
              "/tmp",
              "/var/tmp",
              "/dev/shm",
              "devices",
              "1"),
          run.log("stdout").lines().toList());
      assertFalse(Files.exists(open.resolve("made")));
      assertFalse(Files.exists(Path.of("/dev/shm/made")));
    }
  }

  /** As /sys/kernel/debug/tracing is mounted below a folder of root alone. */
  @Test
  void mountsThatTheWorkersUserCannotReachHinderNoRunAndAllOthersAreReadOnly() throws Exception {
    Path locked = Files.createDirectories(base.resolve("locked/deep"));
    Path covered = Files.createDirectories(base.resolve("covered/deep"));
    Path open = Files.createDirectories(base.resolve("open"));
    String mounts =
        ("mount -t tmpfs -o mode=1777 test '%s' && chmod 700 '%s' && mount -t tmpfs test '%s'"
                + " && mount -t tmpfs -o mode=1777 test '%s' && mkdir -m 1777 '%s'"
                + " && mount -t tmpfs -o mode=1777 test '%s'")
            .formatted(locked, locked.getParent(), covered, covered.getParent(), covered, open);
    List<String> before =
        List.of("unshare", "--mount", "sh", "-c", mounts + " && exec \"$0\" \"$@\"");
    assumeTrue(
        new ProcessBuilder("unshare", "--mount", "sh", "-c", mounts).start().waitFor() == 0,
        "this machine has no mounts for tests");
    try (WorkerProcess worker =
        new OtherUser(UID, List.of(), base).start(before, master.address())) {
      FakeMaster.Seen run =
          run(
              "echo up; for d in %s %s %s; do touch $d/made 2>/dev/null && echo $d; done; true"
                  .formatted(open, covered, covered.getParent()));
      assertEquals("up\n", run.log("stdout"), run.ended + worker.output());
      assertEquals(0, run.ended.path("exitCode").asInt(-1), run.ended + worker.output());
    }
  }

  @ParameterizedTest
  @EnumSource(Who.class)
  void aStopWritesThroughNoLinkAndTheOutputsFolderIsNotFollowed(Who who) throws Exception {
    Path victim = Files.writeString(base.resolve("victim"), "as it was");
    give(victim, who);
    try (WorkerProcess worker = worker(who, List.of())) {
      ObjectNode assignment =
          master.assignment(
              UUID.randomUUID().toString(),
              // What may not be done must not end it: it is to be there when the stop comes.
              "ln -s "
                  + victim
                  + " /valohai/.millrace/stopping;"
                  + " mv /valohai/outputs /valohai/o2; ln -s "
                  + base
                  + "/own /valohai/outputs;"
                  + " echo up; sleep 600");
      ((ObjectNode) assignment.get("limits")).put("stopGraceSeconds", 1);
      FakeMaster.Seen run = master.offer(assignment);
      master.await(run, "up", r -> r.log("stdout").contains("up"));
      master.order(assignment.get("executionId").asText(), "stop");
      master.await(run, "settled", r -> r.settled != null);
      assertEquals("as it was", Files.readString(victim), worker.output());
      assertEquals(List.of(), List.copyOf(run.outputs.keySet()));
      assertTrue(Files.exists(base.resolve("own/credential")));
    }
  }

  @Test
  void aRunThatTakesMoreThanItsSharesOfMemoryEndsAndNobodyElseDoes() throws Exception {
    try (WorkerProcess worker = worker(Who.ROOT, List.of())) {
      ObjectNode assignment =
          master.assignment(
              UUID.randomUUID().toString(),
              "cat /proc/self/cgroup",
              "perl -e '$x = \"x\" x (400 * 1024 * 1024); print length($x)'");
      ((ObjectNode) assignment.get("limits")).put("memoryMiB", 64);
      FakeMaster.Seen run = master.offer(assignment);
      master.await(run, "settled", r -> r.settled != null);
      String id = assignment.get("executionId").asText();
      assumeTrue(
          run.log("stdout").contains("millrace-" + id), "this machine has no control groups");
      assertEquals("oom", run.ended.path("reason").asText(), run.ended + worker.output());
      assertEquals(0, run("echo fine").ended.get("exitCode").asInt());
    }
  }

  @Test
  void aWorkerThatCannotLeaveTheGroupOfAnEnginesSocketTakesProcessRunsOnlyWhenTrusted()
      throws Exception {
    Path socket = base.resolve("engine.sock");
    try (var server =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      server.bind(java.net.UnixDomainSocketAddress.of(socket));
      Files.setAttribute(socket, "unix:gid", 54_399);
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw----"));
      String engine = "unix://" + socket;
      try (WorkerProcess worker = worker(Who.OTHER, List.of("54399"), "--docker-host", engine)) {
        assertEquals(List.of(), master.awaitTrouble("\"processes.trusted\": true"));
        assertTrue(worker.output().contains("processes.trusted"), worker.output());
      }
    }
  }
}
