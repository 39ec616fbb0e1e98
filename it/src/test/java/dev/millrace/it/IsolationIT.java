package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What the code of one user's run can read and write beside a run of another user. */
@Tag("isolation")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IsolationIT {
  /** Prints a line for each attempt that succeeds; DATA is the master's data folder. */
  private static final String ATTEMPTS =
      """
      for place in outputs repository .home inputs config .millrace .; do
        touch /valohai/$place/made 2>/dev/null && echo "writes /valohai/$place"
      done
      for place in /tmp /var/tmp /dev/shm / /etc /usr /sys /run /var /home "$DATA"; do
        touch $place/made 2>/dev/null && echo "writes $place"
      done
      for file in "$DATA/installation.key" "$DATA/initial-admin.json" "$DATA"/logs/*/stdout \
        "$DATA"/onprem/nodes/*/*/worker/credential "$DATA"/onprem/nodes/*/*/worker/runs/*/assignment.json; do
        cat "$file" >/dev/null 2>&1 && echo "reads $file"
      done
      for socket in /run/docker.sock /var/run/docker.sock /run/containerd/containerd.sock /run/dbus/system_bus_socket; do
        [ ! -S $socket ] || echo "sees $socket"
      done
      ln -s "$DATA/victim" /valohai/.millrace/stopping 2>/dev/null && echo "marks"
      mv /valohai/outputs /valohai/moved 2>/dev/null && echo "moves"
      cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep '^VICTIM=' && echo "sees another"
      grep -q 'CapEff:[[:space:]]*0000000000000000' /proc/self/status || echo "has capabilities"
      echo done
      """;

  private Runs runs;

  /** Where executions run. */
  Runs open() {
    return Runs.asProcesses();
  }

  @BeforeAll
  void start() {
    runs = open();
  }

  @AfterAll
  void stop() {
    if (runs != null) {
      runs.close();
    }
  }

  @Test
  void aRunReadsAndWritesWhatIsItsOwnAndNothingElse() {
    Project victim = runs.project("victim");
    String other =
        victim.run(
            Code.of(
                Map.of(
                    "valohai.yaml",
                    "- step:\n    name: run\n    image: it-tools\n    command: sh run.sh\n",
                    "run.sh",
                    "export VICTIM=secret; echo up; echo kept > $VH_OUTPUTS_DIR/kept.txt;"
                        + " n=0; while [ ! -e /tmp/enough ] && [ $n -lt 30 ]; do sleep 1;"
                        + " n=$((n + 1)); done")));
    Project attacker = Project.of(runs.millrace().user("mallory"), "attacker");
    if (runs.image().isPresent()) {
      attacker = attacker.in(runs.image().get());
    }
    String execution =
        attacker.run(
            Code.of(
                Map.of(
                    "valohai.yaml",
                    "- step:\n    name: run\n    image: it-tools\n    command: sh run.sh\n",
                    "run.sh",
                    "DATA=" + runs.millrace().data() + "\n" + ATTEMPTS)));
    JsonNode detail = attacker.api().awaitEnd(execution, Duration.ofSeconds(120));
    assertEquals("complete", detail.get("status").asText(), detail.toString());
    assertEquals(
        List.of(
            "writes /valohai/outputs",
            "writes /valohai/repository",
            "writes /valohai/.home",
            "writes /tmp",
            "writes /var/tmp",
            "writes /dev/shm",
            "done"),
        attacker.log(execution, Optional.of("stdout")));
    JsonNode untouched = victim.api().awaitEnd(other, Duration.ofSeconds(120));
    assertEquals("complete", untouched.get("status").asText(), untouched.toString());
    assertEquals("kept\n", victim.output(other, "kept.txt"));
  }

  @Test
  void anImageFromWhereOnlyTheMachineItselfReachesIsRefusedAtSubmit() {
    Project project = Project.of(runs.millrace().user("trudy"), "images");
    for (String image : List.of("169.254.169.254/x/y:z", "sha256:" + "0f".repeat(32))) {
      Api.Answer answer =
          project.submit(
              Code.of(
                  Map.of(
                      "valohai.yaml",
                      "- step:\n    name: run\n    image: it-tools\n    command: ls\n")),
              Map.of("image", image));
      assertEquals(400, answer.status(), answer.text());
      assertTrue(answer.json().has("image"), answer.text());
    }
  }
}
