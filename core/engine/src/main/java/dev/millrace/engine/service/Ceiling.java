package dev.millrace.engine.service;

import java.util.Locale;

/** How many of a thing there may be, so that no list of the engine is ever cut unseen. */
final class Ceiling {
  static final int USERS = 100_000;
  static final int ORGANIZATIONS = 10_000;
  static final int MEMBERS = 10_000;
  static final int TEAMS = 1_000;
  static final int ENVIRONMENTS = 1_000;
  static final int PROJECTS = 10_000;
  static final int VARIABLE_GROUPS = 1_000;
  static final int COMMITS = 100_000;

  private Ceiling() {}

  /** Throws {@link Invalid} if {@code whose} has {@code most} or more of {@code what}. */
  static void check(long have, long most, String whose, String what) {
    if (have >= most) {
      throw Invalid.nonField(message(have, whose, what), "max_items");
    }
  }

  static String message(long have, String whose, String what) {
    return String.format(
        Locale.ROOT,
        "%s has %,d %s, the most that there may be; remove some first",
        whose,
        have,
        what);
  }
}
