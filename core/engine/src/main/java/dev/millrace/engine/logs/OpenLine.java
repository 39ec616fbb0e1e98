package dev.millrace.engine.logs;

import java.nio.charset.StandardCharsets;

/** What a terminal would show of a line that has not ended. */
final class OpenLine {
  private static final int MOST = 4_096;

  private OpenLine() {}

  /** The text after the last carriage return, of a long one its end. */
  static String state(byte[] line) {
    String text = state(new String(line, StandardCharsets.UTF_8));
    int from = text.length() - MOST;
    if (from <= 0) {
      return text;
    }
    return "…" + text.substring(Character.isLowSurrogate(text.charAt(from)) ? from + 1 : from);
  }

  /** What stays of a line when its carriage returns have been obeyed. */
  static String state(String line) {
    int end = line.length();
    while (end > 0 && line.charAt(end - 1) == '\r') {
      end--;
    }
    return line.substring(line.lastIndexOf('\r', end - 1) + 1, end);
  }
}
