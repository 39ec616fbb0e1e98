package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Code from real Git servers, over HTTPS with a password and over SSH with a key. */
@Tag("gitservers")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GitServersIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String YAML =
      """
      - step:
          name: run
          image: it-tools
          command:
            - cat data.txt > "$VH_OUTPUTS_DIR/out.txt"
      """;

  private Path repositories;
  private Path knownHosts;
  private HttpsGit https;
  private SshGit ssh;
  private Distribution millrace;
  private Api ada;

  @BeforeAll
  void start() throws IOException {
    Path folder = Files.createTempDirectory("it-gitservers");
    repositories = Files.createDirectory(folder.resolve("repositories"));
    knownHosts = folder.resolve("known_hosts");
    repository("code", Map.of("data.txt", "from the commit\n"));
    https = HttpsGit.start(repositories);
    ssh = SshGit.start();
    millrace =
        Distribution.start(
            Map.of(
                "MILLRACE_GIT_ALLOW",
                "127.0.0.1/32, ::1/128",
                "MILLRACE_GIT_CA_FILE",
                https.authority().toString(),
                "MILLRACE_GIT_KNOWN_HOSTS",
                knownHosts.toString(),
                "MILLRACE_GIT_BYTES",
                Integer.toString(8 << 20),
                "MILLRACE_GIT_OBJECT_BYTES",
                Integer.toString(2 << 20)));
    ada = millrace.user("ada");
  }

  @AfterAll
  void stop() {
    millrace.close();
    https.close();
    ssh.close();
  }

  @Test
  void overHttpsWithAPasswordCodeIsFetchedAndRunsAfterTheServerIsGone() throws Exception {
    Project project = Project.of(ada, "over-https");
    String url = https.url("git/code.git");
    assertRefused(project, Map.of("url", url), "username", "password");
    assertRefused(
        project,
        Map.of("url", url, "username", HttpsGit.USER, "password", "wrong-4711-password"),
        "does not accept the user name and password",
        "set them again");
    assertFalse(fetch(project).toString().contains("wrong-4711-password"));
    JsonNode shown =
        put(project, Map.of("url", url, "username", HttpsGit.USER, "password", HttpsGit.PASSWORD))
            .expectSuccess();
    assertTrue(shown.get("has_password").asBoolean(), shown.toString());
    assertFalse(shown.has("password"), shown.toString());
    assertFetched(project);
    // Who sets the same server again need not know the password; another server never gets it.
    assertTrue(
        put(project, Map.of("url", https.url("git/code.git/")))
            .expectSuccess()
            .get("has_password")
            .asBoolean());
    assertEquals("from the commit\n", output(project));

    https.close();
    try {
      assertEquals("from the commit\n", output(project));
      assertTrue(fetch(project).toString().contains("does not answer"));
    } finally {
      https.serve();
    }
    List<Haystacks.Hit> found =
        new Haystacks()
            .database(millrace.data().resolve("database"))
            .files("data", millrace.data(), f -> f.toString().endsWith(".mv.db"))
            .files("log", millrace.folder(), f -> !f.equals(millrace.log()))
            .api(
                millrace.admin(),
                List.of(
                    "/api/v0/projects/",
                    "/api/v0/projects/" + project.id() + "/repository/",
                    "/api/v0/repositories/",
                    "/api/v0/audit/?limit=1000"))
            .search(List.of(Canary.of("Git password", HttpsGit.PASSWORD)));
    assertEquals(List.of(), found);
  }

  @Test
  void aPasswordStaysWithItsServer() {
    Project project = Project.of(ada, "moved");
    Map<String, Object> first =
        Map.of("url", "https://192.0.2.1/x.git", "username", "ada", "password", HttpsGit.PASSWORD);
    put(project, first).expectSuccess();
    for (String other :
        List.of("https://192.0.2.2/x.git", "https://192.0.2.1:8443/x.git", "ssh://192.0.2.1/x")) {
      put(project, first).expectSuccess();
      JsonNode moved = put(project, Map.of("url", other)).expectSuccess();
      assertFalse(moved.get("has_password").asBoolean(), other);
      assertEquals("", moved.get("username").asText(), other);
    }
    put(project, first).expectSuccess();
    assertFalse(
        put(project, Map.of("url", first.get("url"), "password", ""))
            .expectSuccess()
            .get("has_password")
            .asBoolean());
    for (String url : List.of("http://127.0.0.1/x.git", "ssh://192.0.2.1/x.git")) {
      Api.Answer answer = put(project, Map.of("url", url, "password", "p"));
      assertEquals(400, answer.status(), url);
      assertTrue(answer.json().has("password"), answer.text());
    }
    // A server that leads elsewhere does not get the password there.
    assertRefused(
        project,
        Map.of(
            "url",
            https.url("away/code.git"),
            "username",
            HttpsGit.USER,
            "password",
            HttpsGit.PASSWORD),
        "sends us on to localhost");
    put(project, Map.of("url", https.url("away/code.git"), "password", "")).expectSuccess();
    assertFetched(project);
  }

  @Test
  void aCertificateThatNobodyVouchesForIsRefusedWithTheRemedy() throws Exception {
    try (HttpsGit stranger = HttpsGit.start(repositories)) {
      assertRefused(
          Project.of(ada, "stranger"),
          Map.of("url", stranger.url("open/code.git")),
          "certificate",
          "MILLRACE_GIT_CA_FILE");
    }
  }

  @Test
  void overSshOnlyAKnownServerAndAKnownKeyWillDo() throws Exception {
    Project project = Project.of(ada, "over-ssh");
    String url = ssh.url(repositories.resolve("code.git"));
    assertRefused(project, Map.of("url", url), "is not known", ssh.fingerprint(), "host_key");
    String right = ssh.knownHost();
    String wrong = right.substring(0, right.indexOf(" ssh-")) + " " + otherKey();
    assertRefused(
        project,
        Map.of("url", url, "host_key", wrong),
        "not the one by which it is known",
        ssh.fingerprint());
    String key = repository(project).get("public_key").asText();
    assertTrue(key.startsWith("ssh-ed25519 "), key);
    assertRefused(
        project,
        Map.of("url", url, "host_key", right),
        "does not let user",
        "deploy key",
        key.split(" ", -1)[1]);
    ssh.authorize(key);
    assertFetched(project);
    assertEquals("from the commit\n", output(project));

    // A new key of the project is not let in before the server has it.
    JsonNode renewed =
        ada.post("/api/v0/projects/" + project.id() + "/repository/key/", Map.of()).expectSuccess();
    assertNotEquals(key, renewed.get("public_key").asText());
    assertTrue(fetch(project).toString().contains("does not let user"));
    ssh.authorize(renewed.get("public_key").asText());
    assertFetched(project);

    // The operator's file does as well, and a changed host key is noticed.
    put(project, Map.of("url", url, "host_key", "")).expectSuccess();
    assertTrue(fetch(project).toString().contains("is not known"));
    Files.writeString(knownHosts, right + "\n");
    assertFetched(project);
    ssh.close();
    assertEquals("from the commit\n", output(project));
    ssh.newHostKey();
    ssh.serve();
    JsonNode changed = fetch(project);
    assertTrue(changed.toString().contains("not the one by which it is known"), changed.toString());
    assertTrue(changed.toString().contains(ssh.fingerprint()), changed.toString());
    assertEquals("from the commit\n", output(project));
  }

  @Test
  void hostKeysThatAreNoneAreRefused() {
    Project project = Project.of(ada, "bad-host-key");
    Api.Answer answer =
        put(project, Map.of("url", "ssh://192.0.2.1/x.git", "host_key", "ssh-ed25519 AAAA"));
    assertEquals(400, answer.status(), answer.text());
    assertTrue(answer.json().has("host_key"), answer.text());
    assertEquals(404, ada.get("/api/v0/projects/" + project.id() + "/repository/").status());
  }

  @Test
  void whatIsTooLargeIsRefusedAndKeepsNobodyElse() throws Exception {
    byte[] noise = new byte[3 << 20];
    new Random(1).nextBytes(noise);
    Path large = work("large", Map.of("data.txt", "x"));
    Files.write(large.resolve("weights.bin"), noise);
    publish("large", large);
    Path many = work("many", Map.of("data.txt", "x"));
    for (int i = 0; i < 8; i++) {
      byte[] part = new byte[3 << 19];
      new Random(i).nextBytes(part);
      Files.write(many.resolve("part-" + i), part);
    }
    publish("many", many);
    assertRefused(
        Project.of(ada, "large"),
        Map.of("url", https.url("open/large.git")),
        "MILLRACE_GIT_OBJECT_BYTES");
    assertRefused(
        Project.of(ada, "many"), Map.of("url", https.url("open/many.git")), "MILLRACE_GIT_BYTES");

    Project slow = Project.of(ada, "slow");
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      put(slow, Map.of("url", "https://127.0.0.1:" + silent.getLocalPort() + "/x.git"))
          .expectSuccess();
      CompletableFuture<JsonNode> hangs = CompletableFuture.supplyAsync(() -> fetch(slow));
      silent.accept();
      Project quick = Project.of(ada, "quick");
      put(quick, Map.of("url", https.url("open/code.git"))).expectSuccess();
      assertFetched(quick);
      assertEquals("from the commit\n", output(quick));
      assertFalse(hangs.isDone(), "the silent server was given up already");
    }
  }

  @Test
  void submodulesAndLfsAreToldAtFetchAndInTheLog() throws Exception {
    Path work =
        work(
            "lacking",
            Map.of(
                "data.txt",
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
                ".gitattributes",
                "*.txt filter=lfs diff=lfs merge=lfs -text\n"));
    git(
        work,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "add",
        "-q",
        repositories.resolve("code.git").toString(),
        "lib");
    publish("lacking", work);
    Project project = Project.of(ada, "lacking");
    put(project, Map.of("url", https.url("open/lacking.git"))).expectSuccess();
    JsonNode fetched = fetch(project);
    assertEquals(1, fetched.get("commits").size(), fetched.toString());
    assertTrue(fetched.get("errors").toString().contains("submodules (lib)"), fetched.toString());
    assertTrue(fetched.get("errors").toString().contains("Git LFS"), fetched.toString());
    assertEquals(0, fetch(project).get("errors").size());
    String execution = run(project);
    assertEquals("complete", ada.awaitEnd(execution, LIMIT).get("status").asText());
    String log = String.join("\n", project.log(execution, Optional.of("status")));
    assertTrue(log.contains("Git LFS pointers") && log.contains("data.txt"), log);
    assertTrue(log.contains("Submodules are not fetched") && log.contains("lib"), log);
  }

  @Test
  void theShellSetsShowsAndFetches() throws Exception {
    Project.of(millrace.admin(), "by-shell");
    String url = https.url("git/code.git");
    Path password = Files.writeString(millrace.folder().resolve("password"), HttpsGit.PASSWORD);
    Machine.Result set =
        Machine.run(
            millrace.folder(),
            millrace.environment(),
            LIMIT,
            List.of(
                "sh",
                "-c",
                millrace.home()
                    + "/bin/millrace repository set by-shell "
                    + url
                    + " --ref main --username ada --password-stdin < "
                    + password));
    Files.delete(password);
    assertTrue(set.expectSuccess().contains("has_password  true"), set.output());
    assertFalse(set.output().contains(HttpsGit.PASSWORD), set.output());
    Machine.Result fetched = millrace.millrace("repository", "fetch", "by-shell");
    assertTrue(fetched.expectSuccess().contains("main"), fetched.output());
    assertEquals(1, millrace.millrace("repository", "key", "by-shell").code());
    millrace
        .millrace("repository", "set", "admin/by-shell", "ssh://192.0.2.1/x.git")
        .expectSuccess();
    String key = millrace.millrace("repository", "key", "by-shell").expectSuccess();
    assertTrue(key.startsWith("ssh-ed25519 "), key);
    String renewed = millrace.millrace("repository", "new-key", "by-shell").expectSuccess();
    assertTrue(renewed.startsWith("ssh-ed25519 "), renewed);
    assertNotEquals(key, renewed);
  }

  private String otherKey() throws IOException {
    Path folder = Files.createTempDirectory("it-key");
    Machine.run(folder, List.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "other"))
        .expectSuccess();
    String[] words = Files.readString(folder.resolve("other.pub")).split("\\s+", -1);
    return words[0] + " " + words[1];
  }

  private JsonNode repository(Project project) {
    return ada.get("/api/v0/projects/" + project.id() + "/repository/").expectSuccess();
  }

  private static Api.Answer put(Project project, Map<String, ?> members) {
    Map<String, Object> body = new HashMap<>(members);
    body.put("ref", "main");
    return project.api().method("PUT", "/api/v0/projects/" + project.id() + "/repository/", body);
  }

  private static JsonNode fetch(Project project) {
    return project
        .api()
        .post("/api/v0/projects/" + project.id() + "/fetch/", Map.of())
        .expectSuccess();
  }

  private static void assertFetched(Project project) {
    JsonNode fetched = fetch(project);
    assertEquals("[]", fetched.get("errors").toString(), fetched.toString());
    assertEquals("main", fetched.at("/commits/0/ref").asText(), fetched.toString());
  }

  /** Sets the repository; the fetch finds nothing and says why. */
  private static void assertRefused(Project project, Map<String, ?> members, String... words) {
    put(project, members).expectSuccess();
    JsonNode fetched = fetch(project);
    assertEquals(0, fetched.get("commits").size(), fetched.toString());
    for (String word : words) {
      assertTrue(fetched.get("errors").toString().contains(word), word + ": " + fetched);
    }
  }

  private static String run(Project project) {
    return project
        .api()
        .post(
            "/api/v0/executions/", Map.of("project", project.id(), "commit", "main", "step", "run"))
        .expectSuccess()
        .get("id")
        .asText();
  }

  private static String output(Project project) {
    String execution = run(project);
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return project.output(execution, "out.txt");
  }

  private void repository(String name, Map<String, String> files) throws IOException {
    publish(name, work(name, files));
  }

  /** A working copy with these files and a step that shows {@code data.txt}. */
  private Path work(String name, Map<String, String> files) throws IOException {
    Path work = Files.createTempDirectory("it-" + name);
    Files.writeString(work.resolve("valohai.yaml"), YAML);
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(work.resolve(file.getKey()), file.getValue());
    }
    git(work, "init", "-q", "-b", "main");
    return work;
  }

  private void publish(String name, Path work) {
    git(work, "add", "-A");
    git(work, "commit", "-q", "-m", "First");
    git(
        work,
        "clone",
        "-q",
        "--bare",
        work.toString(),
        repositories.resolve(name + ".git").toString());
  }

  private static void git(Path folder, String... arguments) {
    List<String> command =
        new ArrayList<>(List.of("git", "-c", "user.name=it", "-c", "user.email=it@localhost"));
    command.addAll(List.of(arguments));
    Machine.run(folder, command).expectSuccess();
  }
}
