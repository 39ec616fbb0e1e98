package dev.millrace.source.git;

import dev.millrace.engine.source.SourceAddress.Kind;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A repository's address, taken apart. Whatever is not plainly a folder, HTTP or SSH is refused, so
 * that no text of a user ever chooses a transport, a program or an option.
 */
sealed interface GitAddress {
  /** A folder of the master, not yet followed. */
  record Folder(Path path) implements GitAddress {}

  /** A repository on a server; {@code host} is a name or an address without brackets. */
  record Server(Kind kind, String user, String host, int port, String path) implements GitAddress {
    /** Scheme, host and port. */
    String origin() {
      return scheme() + "://" + authority();
    }

    /** The address as JGit is given it. */
    String url() {
      return scheme() + "://" + (kind == Kind.SSH ? user + "@" : "") + authority() + path;
    }

    private String scheme() {
      return kind.name().toLowerCase(Locale.ROOT);
    }

    private String authority() {
      return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
  }

  int LONGEST = 2_000;
  String USER = "[A-Za-z0-9_][\\w.-]{0,99}";
  String HOST = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?|\\[[0-9A-Fa-f:.]{2,45}\\]";
  Pattern URL =
      Pattern.compile(
          "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?<user>[^/@]*)@)?(?<host>"
              + HOST
              + ")(?::(?<port>[0-9]{1,5}))?(?<path>/[^?#]*)");
  Pattern SCP =
      Pattern.compile("(?<user>" + USER + ")@(?<host>" + HOST + "):(?<path>[^:\\s-][^:]*)");

  /** Takes the text apart; {@code SourceException} REFUSED says what is wrong with it. */
  static GitAddress parse(String text) throws SourceException {
    if (text.isBlank()
        || text.length() > LONGEST
        || text.chars().anyMatch(c -> c <= 0x20 || c == 0x7f || c == '\\')) {
      throw refused(
          "A repository's url has 1 to 2000 characters, without blanks, control characters and"
              + " backslashes");
    }
    if (text.startsWith("/") || text.startsWith("file:")) {
      return folder(text);
    }
    Matcher scp = SCP.matcher(text);
    if (text.indexOf("://") < 0 && scp.matches()) {
      String path = scp.group("path");
      return new Server(
          Kind.SSH,
          scp.group("user"),
          bare(scp.group("host")),
          22,
          path.startsWith("/") ? path : "/~/" + path);
    }
    Matcher url = URL.matcher(text);
    if (!url.matches()) {
      throw refused(
          "\""
              + brief(text)
              + "\" is no address of a repository: give https://host/path,"
              + " ssh://git@host/path, git@host:path or a folder of the master");
    }
    return server(url);
  }

  private static Server server(Matcher url) throws SourceException {
    String scheme = url.group("scheme").toLowerCase(Locale.ROOT);
    Kind kind =
        switch (scheme) {
          case "https" -> Kind.HTTPS;
          case "http" -> Kind.HTTP;
          case "ssh", "git+ssh", "ssh+git" -> Kind.SSH;
          default ->
              throw refused(
                  "Repositories are not fetched by "
                      + brief(scheme)
                      + "://; give an https:// or ssh:// address");
        };
    String user = url.group("user");
    if (kind != Kind.SSH && user != null) {
      throw refused(
          "An address may not hold a user name or password, for everybody would see it: send"
              + " \"username\" and \"password\" beside the url");
    }
    if (user != null && !user.matches(USER)) {
      throw refused(
          "The user in an SSH address has letters, digits and . _ -, and no password; the project's"
              + " key logs in");
    }
    int standard = kind == Kind.SSH ? 22 : kind == Kind.HTTPS ? 443 : 80;
    int port = url.group("port") == null ? standard : Integer.parseInt(url.group("port"));
    if (port < 1 || port > 65_535) {
      throw refused("A port is a number from 1 to 65535");
    }
    String path = url.group("path");
    if (path.length() < 2 || path.startsWith("/-")) {
      throw refused("The url names no repository: its path is missing, or begins with a dash");
    }
    return new Server(kind, user == null ? "git" : user, bare(url.group("host")), port, path);
  }

  private static Folder folder(String text) throws SourceException {
    try {
      if (text.startsWith("/")) {
        return new Folder(Path.of(text));
      }
      URI uri = new URI(text);
      if (text.startsWith("file:///") && uri.getPath() != null) {
        return new Folder(Path.of(uri.getPath()));
      }
    } catch (URISyntaxException | InvalidPathException e) {
      throw new SourceException(
          Code.REFUSED, "The repository's url cannot be read: " + e.getMessage(), e);
    }
    throw refused("Write a folder of the master as /path or file:///path");
  }

  private static String bare(String host) {
    return host.startsWith("[")
        ? host.substring(1, host.length() - 1)
        : host.toLowerCase(Locale.ROOT);
  }

  private static String brief(String text) {
    return text.length() > 100 ? text.substring(0, 100) + "…" : text;
  }

  private static SourceException refused(String message) {
    return new SourceException(Code.REFUSED, message);
  }
}
