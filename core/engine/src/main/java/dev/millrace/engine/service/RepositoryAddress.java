package dev.millrace.engine.service;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What may be written down as a repository's address. Whether it may be reached is asked when it is
 * fetched.
 */
final class RepositoryAddress {
  private static final Set<String> SCHEMES = Set.of("https", "http", "ssh", "git", "file");
  private static final Pattern SCP = Pattern.compile("[\\w.-]+@[\\w.-]+:[^\\s:]+");
  private static final Pattern REF = Pattern.compile("[A-Za-z0-9_][\\w./+@-]{0,249}");

  private RepositoryAddress() {}

  /** An address without a password; a path of this machine counts as {@code file:}. */
  static boolean good(String text) {
    if (SCP.matcher(text).matches()) {
      return true;
    }
    if (text.startsWith("/")) {
      return text.chars().noneMatch(Character::isISOControl);
    }
    try {
      URI uri = new URI(text);
      boolean password =
          Optional.ofNullable(uri.getUserInfo()).map(info -> info.contains(":")).orElse(false);
      String scheme = Optional.ofNullable(uri.getScheme()).orElse("");
      return SCHEMES.contains(scheme) && !password && uri.getPath() != null;
    } catch (URISyntaxException e) {
      return false;
    }
  }

  static boolean goodRef(String ref) {
    return REF.matcher(ref).matches() && !ref.contains("..") && !ref.endsWith(".lock");
  }
}
