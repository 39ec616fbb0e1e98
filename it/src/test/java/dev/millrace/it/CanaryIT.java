package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Secrets that were used are found nowhere: not in the database, in files, logs, events and
 * answers, nor on command lines and in environments of processes that are not the run's.
 */
@Tag("canary")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CanaryIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final List<String> LISTS =
      Stream.of(
              "audit",
              "commits",
              "data",
              "environments",
              "executions",
              "organizations",
              "projects",
              "repositories",
              "schema",
              "server",
              "server/plugins",
              "stores",
              "tokens",
              "users",
              "users/me")
          .map(noun -> "/api/v0/" + noun + "/?limit=1000")
          .toList();

  private final Map<String, Canary> canaries = new LinkedHashMap<>();
  private final Canary marker = Canary.of("marker", "marker+/=%&" + UUID.randomUUID());
  private PrivateRegistry registry;
  private PrivateRegistry plugins;
  private Distribution millrace;
  private Project project;
  private ProcessWatch processes;

  @BeforeAll
  void start() throws Exception {
    Machine.require(
        PrivateRegistry.installed(),
        "docker-registry and htpasswd (packages docker-registry apache2-utils)");
    registry = PrivateRegistry.start(secret("registry password"));
    plugins = PrivateRegistry.start(secret("plugin secret"));
    millrace = Distribution.unpack(Map.of());
    account("registry", registry, "registry password");
    processes = new ProcessWatch();
    millrace.boot();
    account("plugin", plugins, "plugin secret");
  }

  @AfterAll
  void stop() throws Exception {
    processes.close();
    millrace.close();
    registry.close();
    plugins.close();
  }

  private String secret(String name) {
    return keep(name, "s+/=% &\"" + UUID.randomUUID());
  }

  private String keep(String name, String value) {
    assertTrue(value.length() >= 20, name + " is too short to be searched for");
    canaries.put(name, Canary.of(name, value));
    return value;
  }

  private void account(String name, PrivateRegistry at, String password) throws IOException {
    Path file = millrace.home().resolve("conf/dev.millrace.registry.docker~" + name + ".json");
    Path part = millrace.folder().resolve("account");
    Files.write(
        part,
        Api.JSON.writeValueAsBytes(
            Map.of(
                "hosts",
                List.of(at.host()),
                "username",
                PrivateRegistry.USER,
                ".password",
                canaries.get(password).value(),
                "plain.http",
                true)));
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rw-------"));
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  @Order(1)
  void everySecretIsUsed() throws Exception {
    Api admin = millrace.admin();
    String password = secret("user password");
    JsonNode ada =
        admin
            .post("/api/v0/users/", Map.of("username", "ada", "password", password))
            .expectSuccess();
    String login = "username=ada&password=" + URLEncoder.encode(password, StandardCharsets.UTF_8);
    Api byLogin =
        admin.as(
            keep(
                "API token of a login",
                admin
                    .anonymous()
                    .postForm("/api/v0/get-token/", login)
                    .expectSuccess()
                    .get("token")
                    .asText()));
    byLogin.get("/api/v0/users/me/").expectSuccess();
    Api api =
        admin.as(
            keep(
                "API token",
                admin
                    .post(
                        "/api/v0/tokens/", Map.of("user", ada.get("id").asInt(), "name", "canary"))
                    .expectSuccess()
                    .get("token")
                    .asText()));
    project = Project.of(api, "canaries");
    runOnTheLocalWorker();
    playAWorker();
    // Nobody works in this group: the master alone asks for the images.
    admin
        .post(
            "/api/v0/environments/",
            Map.of("name", "containers", "slug", "containers", "runtime", "docker"))
        .expectSuccess();
    imageIsResolved(registry);
    imageIsResolved(plugins);
  }

  /** The secret variable reaches the run and is masked in its log; the marker is not. */
  private void runOnTheLocalWorker() throws Exception {
    String value = secret("secret environment variable");
    String execution =
        project.run(
            Code.script(
                "echo \"$MARKER\"; echo \"so quiet: $SECRET\";"
                    + " printf %s \"$SECRET\" | sha256sum > $VH_OUTPUTS_DIR/hash.txt; sleep 1"),
            Map.of(
                "title",
                marker.value(),
                "environment_variables",
                Map.of(
                    "MARKER", marker.value(), "SECRET", Map.of("value", value, "secret", true))));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("complete", detail.get("status").asText(), detail.toPrettyString());
    String hash =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256")
                    .digest(value.getBytes(StandardCharsets.UTF_8)));
    assertTrue(project.output(execution, "hash.txt").startsWith(hash), "the run had the secret");
    assertTrue(
        project
            .log(execution, Optional.of("stdout"))
            .contains("so quiet: " + "*".repeat(value.length())));
    int worker = 0;
    try (Stream<Path> files = Files.walk(millrace.data())) {
      for (Path file : files.filter(f -> f.endsWith("credential")).toList()) {
        keep("credential of the local worker " + worker++, Files.readString(file).strip());
      }
    }
    assertTrue(worker > 0, "no credential of a worker below " + millrace.data());
    Machine.await(
        "the removal of the run's folder",
        LIMIT,
        () -> runFolders().isEmpty() ? Optional.of(true) : Optional.empty());
  }

  private List<Path> runFolders() throws IOException {
    try (Stream<Path> files = Files.walk(millrace.data())) {
      return files.filter(f -> f.getParent().endsWith("runs")).toList();
    }
  }

  /** Join token, credential and lease token of a worker, each accepted by the master. */
  private void playAWorker() throws Exception {
    Api admin = millrace.admin();
    admin
        .post("/api/v0/environments/", Map.of("name", "hand", "slug", "hand", "slots", 1))
        .expectSuccess();
    String join =
        admin
            .post("/api/v0/environments/hand/join_tokens/", Map.of())
            .expectSuccess()
            .get("token")
            .asText();
    HandWorker worker = HandWorker.join(millrace.address(), keep("join token", join));
    keep("worker credential", worker.credential());
    String execution = project.run(Code.script("true"), Map.of("environment", "hand"));
    JsonNode assignment = worker.take();
    assertEquals(execution, assignment.get("executionId").asText());
    String lease = keep("lease token", assignment.get("lease").asText());
    assertEquals("continue", worker.beat(execution, lease, "running").at("/runs/0/order").asText());
    worker
        .ofRun(execution, lease, "ended", Map.of("exitCode", 0, "stopped", false))
        .expectSuccess();
    worker
        .ofRun(
            execution,
            lease,
            "settled",
            Map.of("log", Map.of("stdout", 0, "stderr", 0, "status", 0)))
        .expectSuccess();
    assertEquals("complete", project.api().awaitEnd(execution, LIMIT).get("status").asText());
  }

  /** The master asks the registry, which gives nothing without the password. */
  private void imageIsResolved(PrivateRegistry at) throws Exception {
    String image = at.push("tools");
    long before = at.manifestsRead();
    String execution =
        project.run(Code.script("true"), Map.of("image", image, "environment", "containers"));
    Machine.await(
        "a manifest read with the password from " + at.host(),
        LIMIT,
        () -> at.manifestsRead() > before ? Optional.of(true) : Optional.empty());
    project.stop(execution);
  }

  @Test
  @Order(2)
  void theSearchFindsTheMarkerEverywhereItIs() throws Exception {
    assertFound(database(), "database export");
    assertFound(files(), "data", "unpacked");
    assertFound(answers(), "API GET /api/v0/executions/", "/events/");
    assertFound(processes.ofRuns(new Haystacks()), "environment");
  }

  private void assertFound(Haystacks haystacks, String... places) {
    List<Haystacks.Hit> hits = haystacks.search(List.of(marker));
    for (String place : places) {
      assertTrue(
          hits.stream().anyMatch(hit -> hit.place().contains(place)),
          "the marker is not found in \"" + place + "\" but in " + hits);
    }
  }

  @Test
  @Order(3)
  void theFilesThatHoldASecretCanBeReadByTheirOwnerOnly() throws Exception {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(millrace.data())) {
      for (Path file : files.filter(CanaryIT::isPrivate).toList()) {
        names.add(file.getFileName().toString());
        assertEquals(
            "rw-------",
            PosixFilePermissions.toString(Files.getPosixFilePermissions(file)),
            file.toString());
      }
    }
    assertEquals(Set.of("credential", "initial-admin.json", "installation.key"), names);
  }

  /** The only files of the data folder that may hold a secret. */
  private static boolean isPrivate(Path file) {
    return Set.of("credential", "initial-admin.json", "installation.key")
        .contains(file.getFileName().toString());
  }

  @Test
  @Order(4)
  void noSecretIsFoundAnywhere() throws Exception {
    JsonNode first = Api.JSON.readTree(millrace.data().resolve("initial-admin.json").toFile());
    keep("first password", first.get("password").asText());
    keep("first token", first.get("token").asText());
    keep("installation key", Files.readString(millrace.data().resolve("installation.key")).strip());
    assertEquals(List.of(), hits(), "secrets were found");
  }

  private List<String> hits() throws Exception {
    List<String> found = new ArrayList<>();
    for (Haystacks stack :
        List.of(database(), files(), logs(), answers(), processes.others(new Haystacks()))) {
      assertTrue(stack.size() > 0);
      System.out.println("searched places=" + stack.size() + " characters=" + stack.characters());
      stack
          .search(canaries.values())
          .forEach(h -> found.add(h.canary() + " as " + h.form() + " in " + h.place()));
    }
    return found;
  }

  private Haystacks database() throws Exception {
    return new Haystacks().database(millrace.data().resolve("database"));
  }

  private Haystacks files() throws IOException {
    Predicate<Path> jar = f -> f.toString().endsWith(".jar");
    return new Haystacks().files("data", millrace.data(), jar.or(CanaryIT::isPrivate));
  }

  private Haystacks logs() throws IOException {
    return new Haystacks().add("log of the master", Files.readString(millrace.log()));
  }

  private Haystacks answers() {
    return new Haystacks().api(millrace.admin(), LISTS);
  }

  /**
   * With the guards off: the test itself puts every secret where it must not be, as a product would
   * that kept or printed it. A search that stayed silent then would prove nothing.
   */
  @Test
  @Order(5)
  void aSecretThatLeaksIsFound() throws Exception {
    StringBuilder script = new StringBuilder("cat <<'END'\n");
    for (Canary canary : canaries.values()) {
      script.append(canary.value()).append('\n');
    }
    script.append("END\n");
    project.api().awaitEnd(project.run(Code.script(script.toString())), LIMIT);
    for (Canary canary : canaries.values()) {
      Map<String, Object> title = Map.of("title", canary.value(), "tags", List.of(canary.value()));
      project.stop(project.run(Code.script("true"), title));
    }
    ProcessBuilder careless = new ProcessBuilder("sleep", "600");
    int number = 0;
    for (Canary canary : canaries.values()) {
      careless.environment().put("LEAK_" + number++, canary.value());
    }
    Process process = careless.start();
    try {
      Machine.await(
          "a look at the careless process",
          LIMIT,
          () ->
              processes.others(new Haystacks()).search(canaries.values()).size() >= canaries.size()
                  ? Optional.of(true)
                  : Optional.empty());
    } finally {
      process.destroyForcibly();
    }
    Machine.await(
        "the sealed log",
        LIMIT,
        () ->
            names(files().search(canaries.values()), "unpacked").equals(canaries.keySet())
                ? Optional.of(true)
                : Optional.empty());
    assertEquals(canaries.keySet(), names(database().search(canaries.values()), "database"));
    assertEquals(canaries.keySet(), names(answers().search(canaries.values()), "/events/"));
    assertEquals(
        canaries.keySet(),
        names(processes.others(new Haystacks()).search(canaries.values()), "environment"));
  }

  private static Set<String> names(List<Haystacks.Hit> hits, String place) {
    Set<String> names = new TreeSet<>();
    hits.stream().filter(h -> h.place().contains(place)).forEach(h -> names.add(h.canary()));
    return names;
  }
}
