package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What should never be sent, sent over HTTP: refused with a name for it, and nothing is changed.
 */
@Tag("badinput")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BadInputIT {
  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final String STEP =
      """
      - step:
          name: run
          image: it-tools
          command: printf '%s' {parameter-value:word} > "$VH_OUTPUTS_DIR/word.txt"
          parameters:
            - name: word
              type: string
              optional: true
      """;

  private final HttpClient http = HttpClient.newHttpClient();
  private Distribution millrace;
  private Api ada;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    ada = millrace.user("ada");
    project = Project.of(ada, "bad-input");
  }

  @AfterAll
  void stop() {
    assertEquals(200, ada.get("/ready").status());
    millrace.close();
  }

  @Test
  void whateverAParameterHoldsIsOneWordOfTheCommand() throws Exception {
    String commit = ada.uploadCode(project.id(), Code.of(Map.of("valohai.yaml", STEP)).archive());
    Map<String, String> executions = new LinkedHashMap<>();
    for (String word :
        List.of(
            "; touch $VH_OUTPUTS_DIR/pwned",
            "$(touch $VH_OUTPUTS_DIR/pwned)",
            "`touch pwned`\n touch pwned",
            "' \" '\"'\"' \\",
            "{parameters} {parameter:word} {parameter-value:word}",
            "-n --help",
            "gr\u00fc\u00dfe \u202etxt \ud83d\ude80")) {
      executions.put(
          word,
          submit(commit, Map.of("parameters", Map.of("word", word)))
              .expectSuccess()
              .get("id")
              .asText());
    }
    executions.forEach(
        (word, id) -> {
          JsonNode ended = ada.awaitEnd(id, LIMIT);
          assertEquals("complete", ended.get("status").asText(), word + ": " + ended);
          assertEquals(word, project.output(id, "word.txt"));
          JsonNode outputs =
              ada.get("/api/v0/data/?output_execution=" + id).expectSuccess().get("results");
          assertEquals(1, outputs.size(), word + ": " + outputs);
        });
    for (String word : List.of("a\u0000b", "x".repeat(6 << 20))) {
      Api.Answer answer = submit(commit, Map.of("parameters", Map.of("word", word)));
      assertEquals(
          400, answer.status(), answer.text().substring(0, Math.min(100, answer.text().length())));
    }
  }

  @Test
  void namesOfThingsAreTextAndNeverPaths() {
    for (String name : List.of("", "  ", "a\u0000b", "a\nb", "a\u0007b", "x".repeat(300))) {
      Api.Answer answer = ada.post("/api/v0/projects/", Map.of("name", name));
      assertEquals(400, answer.status(), name);
      assertTrue(answer.json().has("name"), answer.text());
    }
    for (String name :
        List.of("../x", "/", ".", "con", "\u202eabc", "p\u0430ypal", "\ud83d\ude80")) {
      JsonNode made = ada.post("/api/v0/projects/", Map.of("name", name)).expectSuccess();
      assertEquals(name, made.get("name").asText());
    }
    for (String input : List.of("../x", "a/b", ".", "..", "a\\tb")) {
      String yaml =
          "- step:\n    name: run\n    image: it-tools\n    command: ls\n    inputs:\n      - name: \""
              + input
              + "\"\n        default: http://192.0.2.1/x\n";
      Code code = Code.of(Map.of("valohai.yaml", yaml));
      Api.Answer answer = upload(archive(code));
      if (answer.status() == 201 || answer.status() == 200) {
        answer = submit(answer.json().get("identifier").asText(), Map.of());
      }
      assertEquals(400, answer.status(), input + ": " + answer.text());
    }
    assertEquals(
        400,
        ada.post("/api/v0/projects/", Map.of("name", "y", "yaml_path", "../../etc/passwd"))
            .status());
  }

  @Test
  void archivesThatMustNotBeUnpackedAreRefusedAndNothingIsKept() throws Exception {
    Project empty = Project.of(ada, "archives");
    Path folder = Files.createTempDirectory("it-tar");
    Map<String, String> archives = new LinkedHashMap<>();
    archives.put("..", "echo x > a; tar -czf T --transform 's,a,b/../../a,' -P a");
    archives.put("absolute", "echo x > a; tar -czPf T --transform 's,a,/etc/a,' a");
    archives.put("leaves the tree", "ln -sfn ../../etc b; tar -czf T b");
    archives.put("absolute path", "ln -sfn /etc c; tar -czf T c");
    archives.put(
        "hard link",
        "echo x > a; ln -f a d; tar -cf T.tar a d; tar --delete -f T.tar a; gzip -c T.tar > T");
    archives.put("pipe", "rm -f e; mkfifo e; tar -czf T e");
    archives.put("set-user-id", "echo x > f; chmod 4755 f; tar -czf T f");
    archives.put("twice", "echo x > a; tar -cf T.tar a; tar -rf T.tar a; gzip -c T.tar > T");
    archives.put("upper and lower case", "echo x > a; echo x > A; tar -czf T a A");
    archives.put(
        "lies below",
        "rm -rf g; ln -s h g; tar -cf T.tar g; rm g; mkdir g; echo x > g/x; tar -rf T.tar g/x; gzip -c T.tar > T");
    archives.put("control characters", "echo x > \"$(printf 'n\\nm')\"; tar -czf T n*m");
    archives.put("unpacked it is larger", "head -c 100M /dev/zero > z; tar -czf T z; rm z");
    archives.put("no whole gzip", "head -c 1000 /dev/urandom > T");
    archives.put("no tar", "head -c 1000 /dev/zero | tr '\\0' x | gzip > T");
    if (Machine.isRoot()) {
      archives.put("device", "mknod n c 1 3; tar -czf T n");
    }
    for (Map.Entry<String, String> one : archives.entrySet()) {
      Path archive = folder.resolve("T");
      Files.deleteIfExists(archive);
      Machine.run(folder, List.of("sh", "-e", "-c", one.getValue())).expectSuccess();
      Api.Answer answer = upload(empty, Files.readAllBytes(archive), "data.tgz", Map.of());
      assertEquals(400, answer.status(), one.getKey() + ": " + answer.text());
      assertTrue(
          answer.json().at("/data/0/message").asText().contains(one.getKey()),
          one.getKey() + ": " + answer.text());
    }
    assertEquals(0, ada.get("/api/v0/projects/" + empty.id() + "/commits/").expectSuccess().size());
    assertNothingIsLeft();
  }

  @Test
  void brokenUploadsLeaveNothing() throws Exception {
    byte[] good = Files.readAllBytes(Code.script("echo x").archive());
    assertEquals(
        400, upload(project, good, "data.tgz", Map.of("boundary", "another-one")).status());
    assertEquals(400, upload(project, good, "data.tgz", Map.of("boundary", "")).status());
    // Bodies are never decompressed, whatever they say: this one is no form as it is.
    assertEquals(
        400, upload(project, good, "data.tgz", Map.of("Content-Encoding", "gzip")).status());
    Api.Answer two = upload(project, good, "../../../etc/x", Map.of("twice", "yes"));
    assertEquals(400, two.status(), two.text());
    // A body that is shorter than it says, and one whose chunks never end.
    for (String framing : List.of("Content-Length: 100000000", "Transfer-Encoding: chunked")) {
      URI address = URI.create(millrace.address());
      try (Socket socket = new Socket(address.getHost(), address.getPort())) {
        OutputStream out = socket.getOutputStream();
        out.write(
            ("POST /api/v0/projects/"
                    + project.id()
                    + "/import-package/ HTTP/1.1\r\nHost: x\r\n"
                    + "Authorization: Token "
                    + ada.token()
                    + "\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                    + framing
                    + "\r\n\r\n"
                    + (framing.startsWith("T") ? "1000\r\n" : "")
                    + "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nabc")
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
    }
    Machine.await(
        "the end of broken uploads",
        LIMIT,
        () -> leftovers().isEmpty() ? Optional.of(true) : Optional.empty());
  }

  @Test
  void oddOutputsAreLeftOutAndSaid() throws Exception {
    String id =
        project.run(
            Code.script(
                """
                cd "$VH_OUTPUTS_DIR"
                echo fine > fine.txt
                ln -s /etc/shadow shadow
                ln -s /proc/self/environ environ
                ln -s /etc etc
                mkfifo pipe
                mkdir deep; ln -s ../../../../etc/passwd deep/up
                echo x > 'gr\u00fc\u00dfe\u202e.txt'
                """));
    JsonNode ended = ada.awaitEnd(id, LIMIT);
    List<String> names = new ArrayList<>();
    ada.get("/api/v0/data/?output_execution=" + id + "&limit=100")
        .expectSuccess()
        .get("results")
        .forEach(d -> names.add(d.get("name").asText()));
    assertTrue(names.contains("fine.txt"), names + " " + ended);
    assertTrue(names.contains("gr\u00fc\u00dfe\u202e.txt"), names.toString());
    for (String odd : List.of("shadow", "environ", "etc", "pipe", "deep/up", "etc/passwd")) {
      assertFalse(names.contains(odd), names.toString());
    }
    String log = String.join("\n", project.log(id, Optional.of("status")));
    for (String odd : List.of("shadow", "environ", "pipe", "deep/up")) {
      assertTrue(log.contains(odd), odd + " is not said: " + log);
    }
    assertEquals("complete", ended.get("status").asText(), ended.toPrettyString() + log);
    JsonNode newline =
        ada.awaitEnd(
            project.run(Code.script("echo x > \"$VH_OUTPUTS_DIR/$(printf 'line\\nend')\"")), LIMIT);
    assertEquals("output", newline.get("reason").asText(), newline.toPrettyString());
    assertTrue(newline.get("status_detail").asText().contains("'line?end'"), newline.toString());
  }

  @Test
  void aDownloadAddressIsGoodForWhatItWasMadeForOnly() throws Exception {
    String id = project.run(Code.script("echo mine > $VH_OUTPUTS_DIR/mine.txt"));
    ada.awaitEnd(id, LIMIT);
    String datum =
        ada.get("/api/v0/data/?output_execution=" + id)
            .expectSuccess()
            .at("/results/0/id")
            .asText();
    String url =
        ada.get("/api/v0/data/" + datum + "/download/").expectSuccess().get("url").asText();
    assertEquals(200, plain("GET", url));
    assertTrue(plain("PUT", url) >= 400);
    assertTrue(plain("DELETE", url) >= 400);
    assertTrue(plain("GET", url.replaceFirst("e=(\\d+)", "e=9$1")) >= 400, "a later expiry");
    assertTrue(plain("GET", url.replaceFirst("/data/", "/code/")) >= 400, "another key");
    assertTrue(plain("GET", url.replaceFirst("s=.", "s=_")) >= 400, "another signature");
    assertTrue(plain("GET", url.replaceFirst("\\?.*", "")) >= 400, "no signature");
    assertTrue(
        plain("GET", url.replaceFirst("/data/", "/data/%2e%2e/data/")) >= 400, "a longer way");
    assertFalse(Files.readString(millrace.log()).contains(url.replaceFirst(".*s=", "s=")));
  }

  @Test
  void jsonThatIsNoneOrTooMuchIsRefused() throws Exception {
    String name = "\"name\":\"json-x\"";
    Map<String, Integer> bodies = new LinkedHashMap<>();
    bodies.put("{" + name + "," + name + "}", 400);
    bodies.put("{\"name\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}", 400);
    bodies.put("{\"name\":1" + "0".repeat(1_000_000) + "}", 400);
    bodies.put("{\"name\":{\"a\":1}}", 400);
    bodies.put("{\"name\":[\"a\"]}", 400);
    bodies.put("{\"name\":true}", 400);
    bodies.put("{\"name\":\"\\ud800\"}", 400);
    bodies.put("{\"name\":\"a\\u0000\"}", 400);
    bodies.put("{" + name, 400);
    bodies.put("[]", 400);
    bodies.put("nul", 400);
    bodies.put("{\"name\":\"" + "x".repeat(10 << 20) + "\"}", 413);
    bodies.put("{\"x\":[" + "1,".repeat(5_300_000) + "1]}", 413);
    bodies.put("{\"name\":NaN}", 400);
    for (Map.Entry<String, Integer> body : bodies.entrySet()) {
      Api.Answer answer = send("POST", "/api/v0/projects/", body.getKey(), Map.of());
      String shown = body.getKey().substring(0, Math.min(60, body.getKey().length()));
      assertEquals(body.getValue(), answer.status(), shown + " " + answer.text());
      assertFalse(answer.text().contains("Exception"), answer.text());
    }
    Api.Answer extra =
        send(
            "POST",
            "/api/v0/projects/",
            "{\"name\":\"json-proto\",\"__proto__\":{\"is_admin\":true},\"is_admin\":true}",
            Map.of());
    assertEquals(201, extra.status(), extra.text());
    assertFalse(ada.get("/api/v0/users/me/").expectSuccess().path("is_admin").asBoolean());
  }

  @Test
  void idsAreIdsAndNothingElse() throws Exception {
    String good = project.id();
    for (String id :
        List.of(
            "1%20or%201=1",
            "%27%20OR%20%27a%27=%27a",
            good + "%00",
            good + "%0a",
            good.substring(1),
            good + "0",
            "%2e%2e",
            "%252e%252e%252fetc",
            "..%2f..%2fetc%2fpasswd",
            "00000000-0000-0000-0000-000000000000",
            "\u0661\u0662\u0663")) {
      String path = "/api/v0/projects/" + (id.startsWith("\u0661") ? "%D9%A1" : id) + "/";
      int status = status("GET", path, Map.of("Authorization", "Token " + ada.token()));
      assertTrue(status == 404 || status == 400, path + " " + status);
    }
    Map<String, String> mine = Map.of("Authorization", "Token " + ada.token());
    int matrix = status("GET", "/api/v0/projects/" + good + ";a=b/", mine);
    assertTrue(matrix == 200 || matrix == 404 || matrix == 400, "matrix parameters " + matrix);
    assertEquals(
        200,
        send(
                    "POST",
                    "/api/v0/projects/",
                    "{\"name\":\"override\"}",
                    Map.of("X-HTTP-Method-Override", "DELETE"))
                .status()
            - 1);
    assertEquals(200, ada.get("/api/v0/projects/" + good + "/").status());
    for (String verb : List.of("HEAD", "OPTIONS")) {
      assertEquals(
          401, status(verb, "/api/v0/projects/" + good + "/", Map.of()), verb + " without a token");
    }
    for (String query :
        List.of(
            "limit=-1", "limit=x", "offset=-1", "offset=99999999999999999999", "ordering=;drop")) {
      int status = status("GET", "/api/v0/projects/?" + query, mine);
      assertTrue(status == 200 || status == 400, query + " " + status);
    }
  }

  @Test
  void everyDoorTakesItsOwnKeyOnly() throws Exception {
    String worker = workerCredential();
    for (Map.Entry<String, String> login :
        Map.of(
                "none",
                "",
                "no scheme",
                ada.token(),
                "another scheme",
                "Basic " + ada.token(),
                "nonsense",
                "Token mrt_nonsense",
                "alg none",
                "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
                "a worker's",
                "Bearer " + worker,
                "a worker's as a token",
                "Token " + worker,
                "a NUL",
                "Token " + ada.token() + "%00")
            .entrySet()) {
      Map<String, String> headers =
          login.getValue().isEmpty() ? Map.of() : Map.of("Authorization", login.getValue());
      assertEquals(401, status("GET", "/api/v0/users/me/", headers), login.getKey());
    }
    for (String token : List.of(ada.token(), millrace.admin().token())) {
      assertEquals(
          401,
          sendTo(
              "/worker/v1/claim", "{\"freeSlots\":1}", Map.of("Authorization", "Bearer " + token)));
    }
    JsonNode made = ada.post("/api/v0/tokens/", Map.of("name", "gone")).expectSuccess();
    Api gone = ada.as(made.get("token").asText());
    assertEquals(200, gone.get("/api/v0/users/me/").status());
    ada.delete("/api/v0/tokens/" + made.get("id").asText() + "/");
    assertEquals(401, gone.get("/api/v0/users/me/").status());
  }

  @Test
  void timesThatAreNoneAreRefused() {
    for (Object expires : List.of(0, -1, Long.MAX_VALUE, "tomorrow", "1e9", 0.5)) {
      Api.Answer answer =
          ada.post("/api/v0/tokens/", Map.of("name", "time", "expires_in", expires));
      assertEquals(400, answer.status(), expires + " " + answer.text());
      assertTrue(answer.json().has("expires_in"), answer.text());
    }
  }

  private String workerCredential() throws Exception {
    String group = "bad-input-group";
    millrace.admin().post("/api/v0/environments/", Map.of("slug", group)).expectSuccess();
    String token =
        millrace
            .admin()
            .post("/api/v0/environments/" + group + "/join_tokens/", Map.of())
            .expectSuccess()
            .get("token")
            .asText();
    return HandWorker.join(millrace.address(), token).credential();
  }

  private Api.Answer submit(String commit, Map<String, Object> more) {
    Map<String, Object> body = new LinkedHashMap<>(more);
    body.putAll(Map.of("project", project.id(), "commit", commit, "step", "run"));
    return ada.post("/api/v0/executions/", body);
  }

  private static byte[] archive(Code code) {
    try {
      return Files.readAllBytes(code.archive());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private Api.Answer upload(byte[] archive) {
    return upload(project, archive, "data.tgz", Map.of());
  }

  private Api.Answer upload(Project to, byte[] archive, String file, Map<String, String> odd) {
    byte[] part =
        concat(
            ("--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\""
                    + file
                    + "\"\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8),
            archive,
            "\r\n".getBytes(StandardCharsets.UTF_8));
    byte[] body =
        concat(
            part,
            odd.containsKey("twice") ? part : new byte[0],
            "--b--\r\n".getBytes(StandardCharsets.UTF_8));
    HttpRequest.Builder request =
        request("/api/v0/projects/" + to.id() + "/import-package/")
            .header(
                "Content-Type",
                "multipart/form-data; boundary=" + odd.getOrDefault("boundary", "b"))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    if (odd.containsKey("Content-Encoding")) {
      request
          .header("Content-Encoding", odd.get("Content-Encoding"))
          .POST(HttpRequest.BodyPublishers.ofByteArray(gzip(body)));
    }
    return answer(request);
  }

  private static byte[] gzip(byte[] body) {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(body);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return packed.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private Api.Answer send(String verb, String path, String body, Map<String, String> headers) {
    HttpRequest.Builder request =
        request(path)
            .header("Content-Type", "application/json")
            .method(verb, HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return answer(request);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(millrace.address() + path))
        .timeout(LIMIT)
        .header("Authorization", "Token " + ada.token());
  }

  private Api.Answer answer(HttpRequest.Builder request) {
    try {
      HttpResponse<String> answer =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Api.Answer(answer.statusCode(), answer.body());
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private int sendTo(String path, String body, Map<String, String> headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(millrace.address() + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    headers.forEach(request::header);
    return http.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private int status(String verb, String path, Map<String, String> headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(millrace.address() + path))
            .method(verb, HttpRequest.BodyPublishers.noBody());
    headers.forEach(request::header);
    return http.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private int plain(String verb, String url) throws Exception {
    return http.send(
            HttpRequest.newBuilder(URI.create(url))
                .method(verb, HttpRequest.BodyPublishers.ofString(verb.equals("PUT") ? "x" : ""))
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private void assertNothingIsLeft() {
    Machine.await(
        "an empty folder of uploads",
        LIMIT,
        () -> leftovers().isEmpty() ? Optional.of(true) : Optional.empty());
  }

  private List<Path> leftovers() throws IOException {
    Path uploads = millrace.data().resolve("uploads");
    if (!Files.isDirectory(uploads)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(uploads)) {
      return files.toList();
    }
  }
}
