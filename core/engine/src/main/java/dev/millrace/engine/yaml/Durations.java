package dev.millrace.engine.yaml;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads spans of time such as {@code 1h 30m}. */
public final class Durations {
  private static final Pattern PART = Pattern.compile("([0-9.]*[0-9][0-9.]*) *([a-z]*)");
  private static final int MAX_LENGTH = 200;
  private static final BigDecimal LONGEST = BigDecimal.valueOf(100L * 366 * 86_400);

  private Durations() {}

  /**
   * Seconds of a text; 0 for a blank one, which means unset. Text between the numbers is skipped.
   *
   * @throws IllegalArgumentException when there is no time in it; its message names the remedy
   */
  public static long seconds(String text) {
    if (text.isBlank()) {
      return 0;
    }
    if (text.length() > MAX_LENGTH) {
      throw bad(text.substring(0, 20) + "…", "it is too long");
    }
    BigDecimal total = BigDecimal.ZERO;
    Matcher part = PART.matcher(text);
    while (part.find()) {
      total = total.add(number(part.group(1), text).multiply(unit(part.group(2), text)));
    }
    if (total.signum() <= 0) {
      throw bad(text, "it has no time in it");
    }
    if (total.compareTo(LONGEST) > 0) {
      throw bad(text, "it is longer than 100 years");
    }
    return total.setScale(0, RoundingMode.DOWN).max(BigDecimal.ONE).longValueExact();
  }

  private static BigDecimal number(String digits, String text) {
    try {
      return new BigDecimal(digits.endsWith(".") ? digits + "0" : digits);
    } catch (NumberFormatException e) {
      throw bad(text, "'" + digits + "' is not a number");
    }
  }

  private static BigDecimal unit(String suffix, String text) {
    if (suffix.isEmpty()) {
      throw bad(text, "a number has no unit");
    }
    long seconds =
        switch (suffix.charAt(0)) {
          case 's' -> 1;
          case 'm' -> 60;
          case 'h' -> 3600;
          case 'd' -> 86_400;
          case 'w' -> 604_800;
          default -> throw bad(text, "'" + suffix + "' is no unit");
        };
    return BigDecimal.valueOf(seconds);
  }

  private static IllegalArgumentException bad(String text, String why) {
    return new IllegalArgumentException(
        "'" + text + "' is not a duration: " + why + "; write it like 90s, 30m, 1h 30m or 2d");
  }
}
