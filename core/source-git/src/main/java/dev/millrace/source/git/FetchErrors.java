package dev.millrace.source.git;

import dev.millrace.engine.source.SourceAddress.Kind;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import dev.millrace.engine.source.SourceLogin;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.eclipse.jgit.errors.NoRemoteRepositoryException;
import org.eclipse.jgit.errors.RepositoryNotFoundException;
import org.eclipse.jgit.errors.TooLargeObjectInPackException;

/** The only reader of what JGit throws: says what happened and what to do, without secrets. */
record FetchErrors(GitAddress address, SourceLogin login) {

  SourceException of(Exception failure, Budget budget) {
    Optional<SourceException> trouble = budget.trouble();
    if (trouble.isPresent()) {
      return trouble.get();
    }
    Optional<AddressGuard.Refused> refused = AddressGuard.in(failure);
    if (refused.isPresent()) {
      return new SourceException(Code.REFUSED, String.valueOf(refused.get().getMessage()), failure);
    }
    if (has(failure, TooLargeObjectInPackException.class)) {
      return new SourceException(
          Code.UNREADABLE,
          "a file in the repository or its history is larger than a master takes from Git; bring"
              + " large files as inputs, or ask the operator to raise MILLRACE_GIT_OBJECT_BYTES",
          failure);
    }
    return address instanceof GitAddress.Server server
        ? ofServer(server, failure)
        : new SourceException(
            Code.UNREADABLE, "the repository cannot be fetched: " + words(failure), failure);
  }

  private SourceException ofServer(GitAddress.Server server, Exception failure) {
    String origin = server.origin();
    if (has(failure, UnknownHostException.class)) {
      return new SourceException(
          Code.UNAVAILABLE,
          "the name " + server.host() + " is not known here; check the repository's url",
          failure);
    }
    if (has(failure, SSLException.class)) {
      return new SourceException(
          Code.REFUSED,
          "the certificate of "
              + origin
              + " is not trusted: ask the operator to add its authority to the file of"
              + " MILLRACE_GIT_CA_FILE ("
              + words(failure)
              + ")",
          failure);
    }
    if (has(failure, ConnectException.class) || has(failure, SocketTimeoutException.class)) {
      return new SourceException(
          Code.UNAVAILABLE, origin + " does not answer; try again later", failure);
    }
    String text = all(failure);
    if (text.contains("not authorized") || text.contains("authentication is required")) {
      return new SourceException(Code.REFUSED, login(origin), failure);
    }
    if (has(failure, NoRemoteRepositoryException.class)
        || has(failure, RepositoryNotFoundException.class)
        || text.contains("not permitted")
        || text.contains("not found")) {
      return new SourceException(
          Code.NOT_FOUND,
          origin
              + " has no repository "
              + server.path()
              + ", or does not show it to this login; check the url, and that the login may read it"
              + " ("
              + words(failure)
              + ")",
          failure);
    }
    return new SourceException(
        Code.UNREADABLE,
        "the repository " + origin + server.path() + " cannot be fetched: " + words(failure),
        failure);
  }

  private String login(String origin) {
    if (address instanceof GitAddress.Server server && server.kind() == Kind.HTTP) {
      return origin + " asks for a login, which is only sent over HTTPS: give the https:// address";
    }
    return login.password().isEmpty()
        ? origin
            + " asks for a login: set \"username\" and \"password\" (an access token) of the"
            + " repository"
        : origin
            + " does not accept the user name and password of the repository: set them again, for"
            + " example with a new access token";
  }

  private static boolean has(Throwable failure, Class<? extends Throwable> kind) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (kind.isInstance(at)) {
        return true;
      }
    }
    return false;
  }

  private static String all(Throwable failure) {
    StringBuilder text = new StringBuilder();
    for (Throwable at = failure; at != null; at = at.getCause()) {
      text.append(at.getMessage()).append('\n');
    }
    return text.toString().toLowerCase(Locale.ROOT);
  }

  private static String words(Throwable failure) {
    String text =
        String.valueOf(
                failure.getMessage() == null
                    ? failure.getClass().getSimpleName()
                    : failure.getMessage())
            .replaceAll("\\p{Cntrl}+", " ");
    return text.length() > 300 ? text.substring(0, 300) + "…" : text;
  }
}
