package dev.millrace.engine.service;

import java.util.Set;
import java.util.regex.Pattern;

/** What environment variables may be called and hold, wherever they are set. */
final class VariableRules {
  /** Variables of one run, project or group. */
  static final int MOST = 1_000;

  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,254}");
  private static final int MAX_VALUE = 128 * 1024;

  /** What the platform itself sets; user code relies on these being true. */
  private static final Set<String> RESERVED =
      Set.of(
          "VH_CONFIG_DIR",
          "VH_INPUTS_DIR",
          "VH_OUTPUTS_DIR",
          "VH_REPOSITORY_DIR",
          "VH_JOB_ID",
          "VH_EXECUTION_ID",
          "VH_PROJECT_ID");

  private VariableRules() {}

  static void name(String name, String field, Problems problems) {
    problems.check(
        NAME.matcher(name).matches(),
        field,
        "A name has letters, digits, _ and -, and begins with no digit",
        "invalid");
    problems.check(
        !RESERVED.contains(name), field, "The platform sets this one; rename yours", "reserved");
  }

  static void value(String value, String field, Problems problems) {
    problems.upTo(field, value, MAX_VALUE);
    problems.check(value.indexOf('\0') < 0, field, "A value may not hold a NUL", "invalid");
  }
}
