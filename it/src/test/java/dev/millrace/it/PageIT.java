package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The pages of the master: in a real browser, and under forged requests. */
@Tag("page")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PageIT {
  private static final Pattern TOKEN = Pattern.compile("name=\"form_token\" value=\"([^\"]+)\"");
  private static final String EVIL = "<img src=x onerror=document.title='taken'>";

  private Distribution millrace;
  private Api ada;
  private Project project;

  @BeforeAll
  void start() {
    millrace = Distribution.start(Map.of());
    ada = millrace.userWithPassword("ada");
    millrace.userWithPassword("bob");
    project = Project.of(ada, "pages");
  }

  @AfterAll
  void stop() {
    millrace.close();
  }

  private String run(String script) {
    return project.run(Code.script(script), Map.of("title", EVIL));
  }

  private static String page(String execution) {
    return "/e/" + execution + "/";
  }

  @Test
  void aPersonLogsInWatchesARunStopsItAndLoadsItsOutput() {
    Machine.require(Browser.program().isPresent(), "chromium");
    String execution =
        run(
            "echo kept > $VH_OUTPUTS_DIR/kept.txt; echo \"a line with "
                + EVIL.replace("'", "")
                + "\"; trap 'echo stopping; exit 0' INT; while :; do sleep 0.2; done");
    project.awaitLine(execution, "a line with");
    String display = project.detail(execution).at("/urls/display").asText();
    try (Browser browser = Browser.start()) {
      browser.open(display);
      assertEquals("/login", browser.value("location.pathname").asText());
      browser.type("#username", "ada");
      browser.type("#password", Distribution.password("ada"));
      browser.press("main button");
      assertEquals(display, browser.value("location.href").asText());
      assertEquals("started", browser.text("#state .badge"));
      assertTrue(browser.text("#log").contains("a line with <img"), browser.text("#log"));
      browser.screenshot(Path.of("target/page-running.png"));
      for (JsonNode cookie : browser.cookies()) {
        assertTrue(cookie.get("httpOnly").asBoolean(), cookie.toString());
        assertEquals("Lax", cookie.get("sameSite").asText());
      }
      browser.press("#stop");
      // The page's own script shows the end; nothing is loaded again by the test.
      browser.awaitTrue(
          "/stopped|complete/.test(document.querySelector('#state .badge').innerText)");
      browser.awaitTrue("document.querySelector('#outputs').innerText.includes('kept.txt')");
      assertTrue(browser.text("#outputs").contains(sha256("kept\n")), browser.text("#outputs"));
      assertFalse(browser.value("!!document.querySelector('#stop')").asBoolean());
      assertEquals(0, browser.value("document.querySelectorAll('main img').length").asInt());
      assertNotEquals("taken", browser.value("document.title").asText());
      browser.screenshot(Path.of("target/page-stopped.png"));
      String file = browser.value("document.querySelector('#outputs a').href").asText();
      browser.press("header form button");
      assertEquals("/login", browser.value("location.pathname").asText());
      assertEquals(303, new Visitor().get(URI.create(file).getPath()).statusCode());
    }
    assertEquals("stopped", project.detail(execution).get("status").asText());
  }

  @Test
  void aForgedFormChangesNothing() {
    String execution = run("trap 'exit 0' INT; echo up; while :; do sleep 0.2; done");
    project.awaitLine(execution, "up");
    Visitor victim = new Visitor().login("ada");
    String token = victim.token(page(execution));
    String stop = page(execution) + "stop";
    String here = millrace.address();
    Visitor bob = new Visitor().login("bob");
    assertEquals(403, victim.post(stop, "", here).statusCode(), "no token");
    assertEquals(403, victim.post(stop, "form_token=wrong", here).statusCode(), "wrong token");
    assertEquals(
        403,
        victim.post(stop, "form_token=" + bob.token("/"), here).statusCode(),
        "a token of another session");
    assertEquals(
        403,
        victim.post(stop, "form_token=" + token, "https://evil.example").statusCode(),
        "a foreign origin");
    assertEquals(403, victim.post(stop, "form_token=" + token, "null").statusCode(), "no origin");
    assertEquals(
        403, victim.post("/logout", "form_token=wrong", here).statusCode(), "a forged logout");
    assertEquals(303, new Visitor().post(stop, "form_token=" + token, here).statusCode());
    assertEquals(404, bob.post(stop, "form_token=" + bob.token("/"), here).statusCode());
    assertEquals("started", project.detail(execution).get("status").asText());
    assertTrue(stops(execution).isEmpty(), "a refused form must not be heard: " + stops(execution));
    assertEquals(303, victim.post(stop, "form_token=" + token, here).statusCode());
    ada.awaitEnd(execution, Duration.ofSeconds(60));
    assertEquals(1, stops(execution).size());
  }

  @Test
  void aForgedLoginOpensNoSession() {
    Visitor visitor = new Visitor();
    String body = "username=ada&password=" + encode(Distribution.password("ada"));
    String token = visitor.token("/login");
    for (HttpResponse<String> refused :
        List.of(
            visitor.post("/login", body, millrace.address()),
            visitor.post("/login", body + "&form_token=" + token, "https://evil.example"),
            new Visitor().post("/login", body + "&form_token=" + token, millrace.address()))) {
      assertEquals(403, refused.statusCode());
      assertTrue(
          refused.headers().allValues("set-cookie").stream().noneMatch(c -> c.contains("session")));
    }
  }

  @Test
  void whatIsNotTheirsIsNotFoundAndPagesAreGuarded() {
    String execution = run("echo done");
    ada.awaitEnd(execution, Duration.ofSeconds(60));
    Visitor bob = new Visitor().login("bob");
    for (String path :
        List.of(
            page(execution),
            page(execution) + "log",
            "/e/00000000-0000-7000-8000-000000000000/",
            "/e/nonsense/",
            "/p/" + project.id() + "/",
            "/c/" + project.detail(execution).at("/commit/id").asText() + "/")) {
      assertEquals(404, bob.get(path).statusCode(), path);
    }
    HttpResponse<String> shown = new Visitor().login("ada").get(page(execution));
    assertEquals(200, shown.statusCode());
    assertFalse(shown.body().contains("<img"), "a title is text");
    String policy = shown.headers().firstValue("content-security-policy").orElse("");
    assertTrue(policy.contains("frame-ancestors 'none'"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    assertEquals("nosniff", shown.headers().firstValue("x-content-type-options").orElse(""));
    assertEquals("no-store", shown.headers().firstValue("cache-control").orElse(""));
    HttpResponse<String> away = new Visitor().get(page(execution));
    assertEquals(303, away.statusCode());
    assertTrue(away.headers().firstValue("location").orElse("").contains("/login?next="));
  }

  @Test
  void aLoginLeadsToNoOtherServerAndEndsWithTheUser() {
    Api eve = millrace.userWithPassword("eve");
    Visitor visitor = new Visitor();
    String token = visitor.token("/login");
    HttpResponse<String> in =
        visitor.post(
            "/login",
            "username=eve&password="
                + encode(Distribution.password("eve"))
                + "&next="
                + encode("//evil.example/")
                + "&form_token="
                + token,
            millrace.address());
    assertEquals(millrace.address() + "/", in.headers().firstValue("location").orElse(""));
    assertEquals(200, visitor.get("/").statusCode());
    int id = eve.get("/api/v0/users/me/").expectSuccess().get("id").asInt();
    eve.method("PATCH", "/api/v0/users/" + id + "/", Map.of("password", "another password, longer"))
        .expectSuccess();
    assertEquals(303, visitor.get("/").statusCode(), "a new password ends the session");
  }

  @Test
  void theEleventhWrongPasswordIsRefusedOnThePageAsWell() {
    millrace.userWithPassword("fay");
    Visitor visitor = new Visitor();
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      String form = "username=fay&password=wrong&form_token=" + visitor.token("/login");
      answers.add(visitor.post("/login", form, millrace.address()).statusCode());
    }
    List<Integer> expected = new ArrayList<>(java.util.Collections.nCopies(10, 400));
    expected.add(429);
    assertEquals(expected, answers);
  }

  private List<String> stops(String execution) {
    List<String> found = new ArrayList<>();
    JsonNode rows =
        millrace
            .admin()
            .get("/api/v0/audit/?limit=1000&subject=execution:" + execution)
            .expectSuccess()
            .get("results");
    for (JsonNode row : rows) {
      if (row.get("action").asText().equals("execution.stop")) {
        found.add(row.toString());
      }
    }
    return found;
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String sha256(String text) {
    try {
      return java.util.HexFormat.of()
          .formatHex(
              java.security.MessageDigest.getInstance("SHA-256")
                  .digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Requests with cookies, such as a browser sends, but with headers of our choice. */
  private final class Visitor {
    private final HttpClient http =
        HttpClient.newBuilder().cookieHandler(new java.net.CookieManager()).build();

    Visitor login(String user) {
      String form =
          "username="
              + user
              + "&password="
              + encode(Distribution.password(user))
              + "&form_token="
              + token("/login");
      assertEquals(303, post("/login", form, millrace.address()).statusCode());
      return this;
    }

    String token(String path) {
      Matcher matcher = TOKEN.matcher(get(path).body());
      assertTrue(matcher.find(), "a form in " + path);
      return matcher.group(1);
    }

    HttpResponse<String> get(String path) {
      return send(HttpRequest.newBuilder(URI.create(millrace.address() + path)).GET());
    }

    HttpResponse<String> post(String path, String form, String origin) {
      return send(
          HttpRequest.newBuilder(URI.create(millrace.address() + path))
              .header("Content-Type", "application/x-www-form-urlencoded")
              .header("Origin", origin)
              .POST(HttpRequest.BodyPublishers.ofString(form)));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) {
      try {
        return http.send(
            request.timeout(Duration.ofSeconds(60)).build(), HttpResponse.BodyHandlers.ofString());
      } catch (IOException | InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
