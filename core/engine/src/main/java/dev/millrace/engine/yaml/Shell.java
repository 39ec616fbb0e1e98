package dev.millrace.engine.yaml;

import java.util.regex.Pattern;

/** Quoting for a POSIX shell, in the form that Python's shlex gives. */
final class Shell {
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

  private Shell() {}

  static String quote(String word) {
    return SAFE.matcher(word).matches() ? word : "'" + word.replace("'", "'\"'\"'") + "'";
  }
}
