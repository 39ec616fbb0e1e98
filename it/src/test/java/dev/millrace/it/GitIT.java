package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Code from Git repositories in folders that the operator allows. */
@Tag("git")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GitIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String YAML =
      """
      - step:
          name: run
          image: it-tools
          command:
            - sh src/run.sh > "$VH_OUTPUTS_DIR/out.txt"
      """;

  private Path allowed;
  private Path origin;
  private Distribution millrace;
  private Api ada;

  @BeforeAll
  void start() throws IOException {
    allowed = Files.createTempDirectory("it-git");
    origin = Files.createDirectories(allowed.resolve("origin"));
    Files.createDirectories(origin.resolve("src"));
    Files.writeString(origin.resolve("valohai.yaml"), YAML);
    Files.writeString(origin.resolve("src/run.sh"), "cat \"$(dirname \"$0\")/../link\"\n");
    Files.writeString(origin.resolve("src/gr\u00fc\u00dfe.txt"), "from the commit\n");
    Files.createSymbolicLink(origin.resolve("link"), Path.of("src/gr\u00fc\u00dfe.txt"));
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-q", "-m", "First");
    millrace =
        Distribution.start(
            Map.of(
                "MILLRACE_GIT_ALLOW",
                allowed.toString(),
                "JAVA_HOME",
                System.getProperty("java.home")));
    ada = millrace.user("ada");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  @Test
  void aFetchListsCommitsWithTheirRefsNewestFirst() throws IOException {
    Path repository = copy("listed");
    Files.writeString(repository.resolve("more.txt"), "more\n");
    git(repository, "add", "-A");
    git(repository, "commit", "-q", "-m", "Second");
    git(repository, "tag", "v1");
    git(repository, "branch", "other", "HEAD~1");
    Project project = Project.of(ada, "listed");
    use(project, repository, "main, v1, other");
    JsonNode fetched =
        ada.post("/api/v0/projects/" + project.id() + "/fetch/", Map.of()).expectSuccess();
    assertEquals("[]", fetched.get("errors").toString(), fetched.toString());
    String newest = git(repository, "rev-parse", "HEAD").strip();
    String first = git(repository, "rev-parse", "HEAD~1").strip();
    Map<String, String> tips = new TreeMap<>();
    fetched
        .get("commits")
        .forEach(c -> tips.put(c.get("ref").asText(), c.get("identifier").asText()));
    assertEquals(Map.of("main", newest, "v1", newest, "other", first), tips);
    List<String> listed = new ArrayList<>();
    ada.get("/api/v0/projects/" + project.id() + "/commits/")
        .expectSuccess()
        .forEach(c -> listed.add(c.get("identifier").asText()));
    assertEquals(List.of(newest, first), listed);
  }

  @Test
  void whatIsNotAllowedIsRefusedWithTheRemedy() throws IOException {
    Project project = Project.of(ada, "refused");
    Path outside = Files.createTempDirectory("it-outside");
    Files.createSymbolicLink(allowed.resolve("way-out"), outside);
    for (String url :
        List.of(
            outside.toString(),
            "file://" + outside,
            allowed + "/../" + outside.getFileName(),
            "https://localhost/x.git",
            "git@localhost:x.git")) {
      Api.Answer answer = repository(project, url, "main");
      assertEquals(400, answer.status(), url + ": " + answer.text());
      assertTrue(answer.json().has("url"), answer.text());
      assertTrue(answer.text().contains("MILLRACE_GIT_ALLOW"), url + ": " + answer.text());
    }
    // What a link hides is seen only when it is followed.
    use(project, allowed.resolve("way-out"), "main");
    JsonNode fetched =
        ada.post("/api/v0/projects/" + project.id() + "/fetch/", Map.of()).expectSuccess();
    assertTrue(fetched.get("errors").toString().contains("MILLRACE_GIT_ALLOW"), fetched.toString());
    assertEquals(0, fetched.get("commits").size());
  }

  @Test
  void aRunSucceedsAfterTheRepositoryIsGoneAndItsArchiveWasMadeOnce() throws Exception {
    Map<String, byte[]> before = archives(millrace);
    Path repository = copy("goes");
    Project project = fetched(ada, "goes", repository);
    List<CompletableFuture<String>> together =
        Stream.of("one", "two")
            .map(t -> CompletableFuture.supplyAsync(() -> run(project)))
            .toList();
    for (CompletableFuture<String> execution : together) {
      assertEquals("from the commit\n", output(project, execution.join()));
    }
    Map<String, byte[]> archives = archives(millrace);
    assertEquals(before.size() + 1, archives.size(), archives.keySet().toString());

    Files.move(repository, allowed.resolve("gone"));
    assertEquals("from the commit\n", output(project, run(project)));
    JsonNode again =
        ada.post("/api/v0/projects/" + project.id() + "/fetch/", Map.of()).expectSuccess();
    assertTrue(again.get("errors").toString().contains("no folder"), again.toString());
    assertEquals(archives.keySet(), archives(millrace).keySet());
  }

  @Test
  void anotherJavaMakesTheSameArchive() throws Exception {
    Path own = Path.of(System.getProperty("java.home")).toRealPath();
    Path newest = JdkIT.newest();
    org.junit.jupiter.api.Assumptions.assumeTrue(
        JdkIT.release(newest) != JdkIT.release(own),
        "only Java " + JdkIT.release(own) + " is on this machine: install a newer one to compare");
    Path repository = copy("compared");
    Files.writeString(repository.resolve("only-here.txt"), "so that the archive is a new one\n");
    git(repository, "add", "-A");
    git(repository, "commit", "-q", "-m", "Compared");
    run(fetched(ada, "compared", repository), "complete");
    try (Distribution other =
        Distribution.start(
            Map.of("MILLRACE_GIT_ALLOW", allowed.toString(), "JAVA_HOME", newest.toString()))) {
      run(fetched(other.user("eve"), "compared", repository), "complete");
      Map<String, byte[]> theirs = archives(other);
      assertEquals(1, theirs.size(), theirs.keySet().toString());
      String hash = theirs.keySet().iterator().next();
      System.out.println("archive " + hash + " on Java " + JdkIT.release(newest));
      assertArrayEquals(archives(millrace).get(hash), theirs.get(hash));
    }
  }

  private String run(Project project) {
    return project
        .api()
        .post(
            "/api/v0/executions/", Map.of("project", project.id(), "commit", "main", "step", "run"))
        .expectSuccess()
        .get("id")
        .asText();
  }

  private void run(Project project, String status) {
    assertEquals(status, project.api().awaitEnd(run(project), LIMIT).get("status").asText());
  }

  private static String output(Project project, String execution) {
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    return project.output(execution, "out.txt");
  }

  private static Project fetched(Api api, String name, Path repository) {
    Project project = Project.of(api, name);
    use(project, repository, "main");
    JsonNode fetched =
        api.post("/api/v0/projects/" + project.id() + "/fetch/", Map.of()).expectSuccess();
    assertEquals("[]", fetched.get("errors").toString());
    return project;
  }

  private static void use(Project project, Path repository, String refs) {
    repository(project, repository.toString(), refs).expectSuccess();
  }

  private static Api.Answer repository(Project project, String url, String refs) {
    return project
        .api()
        .method(
            "PUT",
            "/api/v0/projects/" + project.id() + "/repository/",
            Map.of("url", url, "ref", refs));
  }

  /** The code archives in the installation's store, by the SHA-256 of their bytes. */
  private static Map<String, byte[]> archives(Distribution millrace) throws Exception {
    Map<String, byte[]> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(millrace.data().resolve("store"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (file.getParent().getParent().getFileName().toString().startsWith("code")) {
          byte[] bytes = Files.readAllBytes(file);
          String hash =
              HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
          assertTrue(
              file.getFileName().toString().startsWith(hash), file + " does not hold " + hash);
          found.put(hash, bytes);
        }
      }
    }
    return found;
  }

  /** A copy of the repository, with the same first commit. */
  private Path copy(String name) {
    Path copy = allowed.resolve(name);
    Machine.run(allowed, List.of("cp", "-a", origin.toString(), copy.toString())).expectSuccess();
    return copy;
  }

  private void git(String... arguments) {
    git(origin, arguments);
  }

  private static String git(Path repository, String... arguments) {
    List<String> command =
        new ArrayList<>(List.of("git", "-c", "user.name=it", "-c", "user.email=it@localhost"));
    command.addAll(List.of(arguments));
    return Machine.run(repository, command).expectSuccess();
  }
}
