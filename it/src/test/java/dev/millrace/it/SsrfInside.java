package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The part of {@link SsrfIT} that runs in the network namespace: an installation, listeners on the
 * metadata address that count, and everything that a user may name.
 */
final class SsrfInside {
  static final String METADATA = "169.254.169.254";

  /** An ordinary address, whose server leads on to the other one. */
  static final String OPEN = "198.51.100.1";

  private static final int REDIRECTS = 8080;
  private static final String TAIL = "/latest/meta-data/credentials.txt";
  private static final Duration LIMIT = Duration.ofSeconds(120);

  /** Input addresses that a submit refuses by name of the field. */
  private static final List<String> INPUTS_AT_SUBMIT =
      List.of(
          "http://" + METADATA + TAIL,
          "http://[::ffff:" + METADATA + "]" + TAIL,
          "http://[::ffff:a9fe:a9fe]" + TAIL,
          "http://2852039166" + TAIL);

  /** Spellings that some resolvers take for that address, and Java for none. */
  private static final List<String> ODD =
      List.of(
          "http://0xA9FEA9FE" + TAIL,
          "http://0xa9.254.0xa9fe" + TAIL,
          "http://0251.0376.0251.0376" + TAIL);

  private static final List<String> NO_INPUT =
      List.of("gopher://" + METADATA + "/x", "file:///etc/passwd", "ftp://" + METADATA + "/x");

  /** Input addresses that only the worker can judge: their runs end with the reason. */
  private static final List<String> INPUTS_AT_RUN =
      List.of(
          "http://metadata.test" + TAIL,
          "http://" + OPEN + ":" + REDIRECTS + "/plain/x.txt",
          "http://" + OPEN + ":" + REDIRECTS + "/mapped/x.txt",
          "http://" + OPEN + ":" + REDIRECTS + "/name/x.txt");

  /** JGit itself reads no such address, so that it leads nowhere even with the guard off. */
  private static final String UNREAD = "https://[::ffff:" + METADATA + "]/x.git";

  private static final List<String> GIT_AT_ONCE =
      List.of(
          "https://" + METADATA + "/x.git",
          "http://" + METADATA + "/x.git",
          "https://2852039166/x.git",
          UNREAD,
          "https://[::ffff:a9fe:a9fe]/x.git",
          "https://metadata.test/x.git",
          "ssh://git@" + METADATA + "/x.git",
          "git@metadata.test:x.git");

  private static final List<String> GIT_NEVER =
      List.of("ext::sh -c id", "--upload-pack=id", "gopher://" + METADATA + "/x", "file:///etc");

  private static final List<String> GIT_AT_FETCH =
      List.of("http://" + OPEN + ":" + REDIRECTS + "/plain/x.git");

  private final List<String> connections = new CopyOnWriteArrayList<>();
  private final boolean open;

  private SsrfInside(boolean open) {
    this.open = open;
  }

  /**
   * How many of the ways, all but {@link #UNREAD}, lead to the metadata address while the guard is
   * off.
   */
  static int ways() {
    return INPUTS_AT_SUBMIT.size()
        + INPUTS_AT_RUN.size()
        + GIT_AT_ONCE.size()
        + GIT_AT_FETCH.size()
        - 1;
  }

  public static void main(String[] arguments) {
    try {
      run(Boolean.parseBoolean(arguments[0]));
      System.exit(0);
    } catch (Throwable e) {
      e.printStackTrace(System.out);
      System.exit(1);
    }
  }

  private static void run(boolean open) throws Exception {
    SsrfInside inside = new SsrfInside(open);
    inside.listen(80);
    inside.listen(443);
    inside.listen(22);
    inside.lead();
    Map<String, String> settings = new HashMap<>();
    settings.put("MILLRACE_IMAGE_SECONDS", "3");
    // Plain HTTP from the server that leads on is allowed; where it leads is judged anew.
    settings.put("MILLRACE_GIT_ALLOW", OPEN + "/32" + (inside.open ? "," + METADATA + "/32" : ""));
    if (inside.open) {
      settings.put("MILLRACE_INPUT_ALLOW", METADATA + "/32");
    }
    try (Distribution millrace = Distribution.start(settings)) {
      Api ada = millrace.user("ada");
      inside.inputs(Project.of(ada, "inputs"));
      inside.repositories(Project.of(ada, "repositories"));
    }
    System.out.println("CONNECTIONS=" + inside.connections.size());
  }

  private void inputs(Project project) {
    Code code =
        Code.of(
            Map.of(
                "valohai.yaml",
                "- step:\n    name: run\n    image: it-tools\n    command: cat $VH_INPUTS_DIR/data/*\n"
                    + "    inputs:\n      - name: data\n"));
    String commit = project.api().uploadCode(project.id(), code.archive());
    List<String> refused = new ArrayList<>(NO_INPUT);
    List<String> run = new ArrayList<>(INPUTS_AT_RUN);
    (open ? run : refused).addAll(INPUTS_AT_SUBMIT);
    if (!open) {
      refused.addAll(ODD);
    }
    for (String uri : refused) {
      Api.Answer answer = submit(project, commit, uri);
      check(
          answer.status() == 400 && answer.json().at("/inputs/data").isArray(), uri, answer.text());
      if (INPUTS_AT_SUBMIT.contains(uri)) {
        check(answer.text().contains("MILLRACE_INPUT_ALLOW"), uri, answer.text());
      }
    }
    Map<String, String> executions = new HashMap<>();
    for (String uri : run) {
      executions.put(uri, submit(project, commit, uri).expectSuccess().get("id").asText());
    }
    executions.forEach(
        (uri, id) -> {
          JsonNode ended = project.api().awaitEnd(id, LIMIT);
          String text = ended.toString() + project.log(id, Optional.empty());
          check(ended.get("status").asText().equals(open ? "complete" : "error"), uri, text);
          check(open || text.contains("MILLRACE_INPUT_ALLOW"), uri, text);
        });
  }

  private static Api.Answer submit(Project project, String commit, String uri) {
    return project
        .api()
        .post(
            "/api/v0/executions/",
            Map.of(
                "project",
                project.id(),
                "commit",
                commit,
                "step",
                "run",
                "inputs",
                Map.of("data", List.of(uri))));
  }

  private void repositories(Project project) {
    for (String url : GIT_NEVER) {
      Api.Answer answer = repository(project, url);
      check(answer.status() == 400 && answer.json().has("url"), url, answer.text());
    }
    for (String url : GIT_AT_ONCE) {
      Api.Answer answer = repository(project, url);
      if (open) {
        answer.expectSuccess();
        int before = connections.size();
        String said = fetch(project).toString();
        check(url.equals(UNREAD) || connections.size() > before, url, said);
      } else {
        check(answer.status() == 400 && answer.json().has("url"), url, answer.text());
        check(answer.text().contains("MILLRACE_GIT_ALLOW"), url, answer.text());
      }
    }
    check(
        open
            || project.api().get("/api/v0/projects/" + project.id() + "/repository/").status()
                == 404,
        "nothing was kept",
        "");
    for (String url : GIT_AT_FETCH) {
      repository(project, url).expectSuccess();
      String said = fetch(project).toString();
      check(open || said.contains("MILLRACE_GIT_ALLOW"), url, said);
    }
  }

  private static Api.Answer repository(Project project, String url) {
    return project
        .api()
        .method("PUT", "/api/v0/projects/" + project.id() + "/repository/", Map.of("url", url));
  }

  private static JsonNode fetch(Project project) {
    return project
        .api()
        .post("/api/v0/projects/" + project.id() + "/fetch/", Map.of())
        .expectSuccess();
  }

  private static void check(boolean good, String what, String text) {
    if (!good) {
      throw new AssertionError(what + ": " + text);
    }
    System.out.println("ok " + what);
  }

  /** Counts who connects to the metadata address, and answers as HTTP with a secret. */
  private void listen(int port) throws IOException {
    ServerSocket server = new ServerSocket(port, 50, InetAddress.getByName(METADATA));
    Thread thread =
        new Thread(
            () -> {
              while (true) {
                try (Socket socket = server.accept()) {
                  connections.add("port " + port);
                  socket.setSoTimeout(500);
                  InputStream in = socket.getInputStream();
                  in.read(new byte[4_096]);
                  OutputStream out = socket.getOutputStream();
                  out.write(
                      "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nsecret\n"
                          .getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                  System.out.println("listener " + port + ": " + e.getMessage());
                }
              }
            },
            "metadata-" + port);
    thread.setDaemon(true);
    thread.start();
  }

  /** A server that anybody may use, which leads on to the metadata address. */
  private void lead() throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getByName(OPEN), REDIRECTS), 50);
    Map<String, String> hosts =
        Map.of(
            "/plain/", METADATA,
            "/mapped/", "[::ffff:a9fe:a9fe]",
            "/name/", "metadata.test");
    hosts.forEach(
        (from, host) ->
            server.createContext(
                from,
                exchange -> {
                  String query = exchange.getRequestURI().getRawQuery();
                  String path = exchange.getRequestURI().getPath();
                  exchange
                      .getResponseHeaders()
                      .set(
                          "Location", "http://" + host + path + (query == null ? "" : "?" + query));
                  exchange.sendResponseHeaders(302, -1);
                  exchange.close();
                }));
    server.start();
  }
}
