package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Requests that a fuzzer makes of the served document, with an administrator's and a member's
 * token: nothing fails inside, and every answer is one that the document has.
 */
@Tag("fuzz")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FuzzIT {
  private static final int SEED = 20261126;
  private static final int SECONDS = Machine.full() ? 300 : 20;

  private Distribution millrace;
  private Path folder;
  private Path repository;

  @BeforeAll
  void start() throws IOException {
    Machine.require(
        Machine.has("python3"), "python3 with venv (apt-get install python3 python3-venv)");
    folder = Files.createTempDirectory("it-fuzz");
    repository = Code.script("echo from a repository").folder();
    for (String command :
        List.of(
            "init -q -b main",
            "add -A",
            "-c user.name=it -c user.email=it@example.org commit -q -m first")) {
      List<String> git = new ArrayList<>(List.of("git"));
      git.addAll(List.of(command.split(" ")));
      Machine.run(repository, git).expectSuccess();
    }
    millrace = Distribution.start(Map.of("MILLRACE_GIT_ALLOW", repository.toString()));
  }

  @AfterAll
  void stop() {
    if (millrace != null) {
      millrace.close();
    }
  }

  @Test
  void theDocumentNamesEachStatusByItself() {
    for (Described.Operation operation : Described.of(millrace.address()).operations()) {
      operation
          .description()
          .get("responses")
          .fieldNames()
          .forEachRemaining(s -> assertTrue(s.matches("[1-5][0-9]{2}"), operation.id() + " " + s));
    }
  }

  @Test
  void anAdministratorsRequestsFindNoFault() throws IOException {
    fuzz("administrator", millrace.admin(), true);
  }

  @Test
  void aMembersRequestsFindNoFault() throws IOException {
    fuzz("member", millrace.user("member"), false);
  }

  private void fuzz(String who, Api caller, boolean administers) throws IOException {
    Path world = folder.resolve(who + ".json");
    Path notes = folder.resolve(who + ".txt");
    Api.JSON.writeValue(
        world.toFile(),
        FuzzWorld.of(millrace.admin(), caller, repository.toString(), administers).json());
    Machine.Result result =
        Machine.run(
            folder,
            Map.of(
                "SCHEMATHESIS_HOOKS",
                Machine.repository().resolve("it/fuzz/hooks.py").toString(),
                "MILLRACE_FUZZ_WORLD",
                world.toString(),
                "MILLRACE_FUZZ_NOTES",
                notes.toString(),
                "MILLRACE_FUZZ_SEED",
                Integer.toString(SEED)),
            Duration.ofSeconds(SECONDS + 240L),
            List.of(
                program().toString(),
                "run",
                millrace.address() + "/api/v0/schema/",
                "--header",
                "Authorization: Token " + caller.token(),
                "--checks",
                "not_a_server_error,status_code_conformance,response_schema_conformance",
                "--seed",
                Integer.toString(SEED),
                "--max-time",
                Integer.toString(SECONDS),
                "--request-timeout",
                "30",
                "--no-shrink",
                "--continue-on-failure",
                "--warnings",
                "off"));
    Set<String> good = new TreeSet<>();
    int calls = 0;
    for (String line : Files.readAllLines(notes)) {
      calls++;
      if (line.matches(".* 2[0-9]{2}")) {
        good.add(line.substring(0, line.indexOf(' ')));
      }
    }
    Set<String> all = new TreeSet<>();
    Described.of(millrace.address()).operations().forEach(o -> all.add(o.id()));
    System.out.printf(
        "%s: %d calls, %d of %d operations succeeded%n", who, calls, good.size(), all.size());
    System.out.println("succeeded: " + good);
    all.removeAll(good);
    System.out.println("not: " + all);
    assertEquals(0, result.code(), result.output());
    assertTrue(calls > 50, "calls: " + calls);
    assertEquals(200, caller.get("/api/v0/users/me/").status(), "the token was spared");
    assertFalse(Files.readString(millrace.log()).contains("incident="), "no incident in the log");
    if (Machine.full()) {
      int operations = all.size() + good.size();
      assertTrue(good.size() * 10 >= operations * 8, "without a success: " + all);
    }
  }

  /** The pinned fuzzer, installed once below .check/. */
  private static Path program() {
    return Venv.program("fuzz", Machine.repository().resolve("it/fuzz/requirements.txt"), "st");
  }
}
