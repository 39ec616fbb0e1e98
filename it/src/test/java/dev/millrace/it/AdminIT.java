package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The commands of an operator against a running master. */
@Tag("admin")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdminIT {
  private Distribution millrace;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  private record Ended(int code, String out, String err) {
    Ended ok() {
      assertEquals(0, code, out + err);
      return this;
    }
  }

  private Ended run(Map<String, String> environment, String input, String... words) {
    try {
      Path out = Files.createTempFile("admin", ".out");
      Path err = Files.createTempFile("admin", ".err");
      Path in = Files.writeString(Files.createTempFile("admin", ".in"), input);
      List<String> command = new ArrayList<>();
      command.add(millrace.home().resolve("bin/millrace").toString());
      command.addAll(List.of(words));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(millrace.environment());
      builder.environment().putAll(environment);
      builder.redirectInput(in.toFile()).redirectOutput(out.toFile()).redirectError(err.toFile());
      Process process = builder.start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "in time");
      return new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private Ended run(String... words) {
    return run(Map.of(), "", words);
  }

  @Test
  void usersAreMadeChangedAndShutOut() throws IOException {
    run(
            Map.of(),
            "a password from stdin\n",
            "user",
            "create",
            "nina",
            "--email",
            "n@example.org",
            "--password-stdin")
        .ok();
    assertTrue(run("user", "list").ok().out().contains("n@example.org"));
    JsonNode shown = Api.JSON.readTree(run("user", "show", "nina", "--json").ok().out());
    assertFalse(shown.get("is_admin").asBoolean());
    Api anonymous = millrace.admin().anonymous();
    String login = "username=nina&password=a+password+from+stdin";
    assertEquals(200, anonymous.postForm("/api/v0/get-token/", login).status());
    run(Map.of(), "another password\n", "user", "password", "nina", "--password-stdin").ok();
    assertEquals(400, anonymous.postForm("/api/v0/get-token/", login).status());
    run("user", "update", "nina", "--first-name", "Nina", "--admin=true").ok();
    run("user", "disable", "nina").ok();
    login = "username=nina&password=another+password";
    assertEquals(400, anonymous.postForm("/api/v0/get-token/", login).status());
    run("user", "enable", "nina").ok();
    assertEquals(200, anonymous.postForm("/api/v0/get-token/", login).status());
  }

  @Test
  void organizationsHaveMembers() {
    millrace.user("otto");
    run("organization", "create", "lab").ok();
    run("organization", "add-member", "lab", "otto", "--admin").ok();
    assertTrue(run("organization", "members", "lab").ok().out().contains("otto"));
    assertTrue(run("organization", "list").ok().out().contains("lab"));
    run("organization", "remove-member", "lab", "otto").ok();
    assertFalse(run("organization", "members", "lab").ok().out().contains("otto"));
    assertEquals(1, run("organization", "remove-member", "lab", "otto").code());
  }

  @Test
  void aTokenIsPrintedOnceAloneAndEnds() throws IOException {
    millrace.user("tina");
    Ended made = run("token", "create", "ci", "--user", "tina", "--expires", "30d").ok();
    String token = made.out().strip();
    assertTrue(token.matches("mrt_[A-Za-z0-9]+"), made.out());
    Map<String, String> tina = Map.of("MILLRACE_URL", millrace.address(), "MILLRACE_TOKEN", token);
    JsonNode tokens = Api.JSON.readTree(run(tina, "", "token", "list", "--json").ok().out());
    assertFalse(tokens.toString().contains(token));
    String id = "";
    for (JsonNode each : tokens) {
      if (each.get("name").asText().equals("ci")) {
        id = each.get("id").asText();
        assertFalse(each.get("expires").isNull());
      }
    }
    Ended refused = run(tina, "", "user", "create", "mallory", "--no-password");
    assertEquals(1, refused.code());
    assertTrue(refused.err().contains("administrator"), refused.err());
    run(tina, "", "token", "revoke", id).ok();
    assertEquals(1, run(tina, "", "token", "list").code());
  }

  @Test
  void groupsAreMadeChangedAndJoined() throws IOException {
    run("group", "create", "by-hand", "--name", "By hand", "--slots", "2").ok();
    run("group", "update", "by-hand", "--slots", "3", "--enabled", "false").ok();
    JsonNode group = Api.JSON.readTree(run("group", "show", "by-hand", "--json").ok().out());
    assertEquals(3, group.get("slots").asInt());
    assertFalse(group.get("enabled").asBoolean());
    assertTrue(run("group", "list").ok().out().contains("by-hand"));
    String token = run("group", "join-token", "by-hand").ok().out().strip();
    assertTrue(token.matches("[A-Za-z0-9_-]{43}"), token);
  }

  @Test
  void whatIsWrongIsSaidWithItsExitCode() {
    Ended unknown = run("user", "frobnicate");
    assertEquals(2, unknown.code());
    assertTrue(unknown.err().contains("user create"), unknown.err());
    assertEquals(2, run("user", "create").code());
    assertEquals(2, run("user", "list", "--colour").code());
    assertEquals(2, run("user", "create", "x", "--password-stdin").code());
    Ended taken =
        run(Map.of(), "long enough password\n", "user", "create", "admin", "--password-stdin");
    assertEquals(1, taken.code());
    assertTrue(taken.err().contains("username"), taken.err());
    assertEquals(1, run("user", "show", "nobody").code());
    Map<String, String> nowhere =
        Map.of("MILLRACE_URL", "http://127.0.0.1:9", "MILLRACE_TOKEN", "x");
    assertEquals(3, run(nowhere, "", "user", "list").code());
    Ended noToken = run(Map.of("MILLRACE_URL", "http://127.0.0.1:9"), "", "user", "list");
    assertEquals(2, noToken.code(), "the first administrator's token goes to no other server");
    assertTrue(run("token", "create", "--help").ok().out().contains("--expires"));
    assertTrue(
        run("--help").err().getBytes(StandardCharsets.UTF_8).length > 0, "the usage is printed");
  }
}
