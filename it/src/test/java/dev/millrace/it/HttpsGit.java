package dev.millrace.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Git's own HTTP back end behind lighttpd, on loopback: with TLS by an authority of its own, and
 * with a password for everything below {@code /git/}. What is below {@code /open/} asks for none,
 * and {@code /away/} leads to another name of the same server.
 */
final class HttpsGit implements AutoCloseable {
  static final String USER = "ada";
  static final String PASSWORD = "sesame-4711-open";
  private static final String BACKEND = "/usr/lib/git-core/git-http-backend";

  private final Path folder;
  private final int port;
  private Optional<Process> process = Optional.empty();

  private HttpsGit(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /** Serves the repositories of a folder. */
  static HttpsGit start(Path repositories) throws IOException {
    Machine.require(
        Files.isExecutable(Path.of(BACKEND)) && Files.exists(Path.of("/usr/sbin/lighttpd")),
        "git and lighttpd with TLS (packages git, lighttpd, lighttpd-mod-openssl)");
    Machine.require(Machine.has("openssl"), "openssl (package openssl)");
    HttpsGit server = new HttpsGit(Files.createTempDirectory("it-https"), Distribution.freePort());
    server.certificate();
    Files.writeString(server.folder.resolve("users"), USER + ":" + PASSWORD + "\n");
    Files.writeString(server.folder.resolve("lighttpd.conf"), server.configuration(repositories));
    server.serve();
    return server;
  }

  private String configuration(Path repositories) {
    return """
        server.document-root = "%1$s"
        server.bind = "127.0.0.1"
        server.port = %2$d
        server.errorlog = "%1$s/error.log"
        server.modules = ("mod_setenv", "mod_redirect", "mod_alias", "mod_auth", "mod_authn_file", "mod_cgi", "mod_openssl")
        ssl.engine = "enable"
        ssl.pemfile = "%1$s/server.pem"
        auth.backend = "plain"
        auth.backend.plain.userfile = "%1$s/users"
        alias.url = ("/git" => "%4$s", "/open" => "%4$s")
        url.redirect = ("^/away/(.*)" => "https://localhost:%2$d/open/$1")
        $HTTP["url"] =~ "^/(git|open)/" {
          cgi.assign = ("" => "")
          setenv.add-environment = ("GIT_PROJECT_ROOT" => "%3$s", "GIT_HTTP_EXPORT_ALL" => "1", "GIT_CONFIG_GLOBAL" => "/dev/null")
        }
        $HTTP["url"] =~ "^/git/" {
          auth.require = ("" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
        }
        """
        .formatted(folder, port, repositories, BACKEND);
  }

  private void certificate() {
    sh(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=it-git-authority"
            + " -keyout ca.key -out ca.pem");
    sh("printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\n' > ext");
    sh(
        "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    sh(
        "openssl x509 -req -days 1 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
            + " -extfile ext -out server.crt");
    sh("cat server.key server.crt > server.pem");
  }

  private void sh(String script) {
    Machine.run(folder, List.of("sh", "-c", script)).expectSuccess();
  }

  /** Starts, also again after {@link #close}. */
  void serve() {
    try {
      Process started =
          new ProcessBuilder(
                  "/usr/sbin/lighttpd", "-D", "-f", folder.resolve("lighttpd.conf").toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("log").toFile())
              .start();
      process = Optional.of(started);
      SshGit.awaitPort(port, started, folder.resolve("log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The file of the authority that made the server's certificate. */
  Path authority() {
    return folder.resolve("ca.pem");
  }

  String url(String path) {
    return "https://127.0.0.1:" + port + "/" + path;
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    process.ifPresent(HttpsGit::end);
  }

  static void end(Process process) {
    try {
      process.destroy();
      if (!process.waitFor(Duration.ofSeconds(20).toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
