package dev.millrace.launcher.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a person or a script sees: tables or JSON; and how secrets are asked for. */
final class Screen {
  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean json;

  Screen(InputStream in, PrintStream out, PrintStream err, boolean json) {
    this.in = in;
    this.out = out;
    this.err = err;
    this.json = json;
  }

  /** Rows with the named members as columns. */
  void rows(List<JsonNode> rows, String... columns) {
    if (json) {
      print(new ObjectMapper().valueToTree(rows));
      return;
    }
    List<List<String>> lines = new ArrayList<>();
    lines.add(
        Arrays.stream(columns)
            .map(c -> c.replaceAll(".*/", "").replace('_', ' ').toUpperCase(java.util.Locale.ROOT))
            .toList());
    for (JsonNode row : rows) {
      lines.add(Arrays.stream(columns).map(c -> text(row.at("/" + c))).toList());
    }
    int[] widths = new int[columns.length];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + 2));
      }
      out.println(text.toString().stripTrailing());
    }
  }

  /** All members of one thing. */
  void one(JsonNode thing) {
    if (json) {
      print(thing);
      return;
    }
    int width = thing.properties().stream().mapToInt(e -> e.getKey().length()).max().orElse(0);
    thing
        .properties()
        .forEach(
            entry ->
                out.println(
                    entry.getKey()
                        + " ".repeat(width - entry.getKey().length() + 2)
                        + text(entry.getValue())));
  }

  /** A secret that is shown this once, alone on standard output, so that a script can take it. */
  void secret(JsonNode answer, String secret, String note) {
    if (json) {
      print(answer);
      return;
    }
    out.println(secret);
    err.println(note);
  }

  /** Something that went wrong beside what is shown. */
  void warn(String note) {
    err.println("millrace: " + note.replaceAll("\\p{Cntrl}", "?"));
  }

  void done(JsonNode answer, String note) {
    if (json) {
      print(answer);
    } else {
      out.println(note);
    }
  }

  /** A password from the first line of standard input, or asked for twice. */
  String password(boolean fromInput) throws Failure {
    if (fromInput) {
      try {
        String line =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
        if (line != null && !line.isEmpty()) {
          return line;
        }
      } catch (IOException e) {
        // Told below.
      }
      throw Failure.usage("standard input holds no password");
    }
    Console console = System.console();
    if (console == null) {
      throw Failure.usage("there is no terminal to ask for a password; use --password-stdin");
    }
    char[] first = console.readPassword("Password: ");
    char[] second = console.readPassword("Again: ");
    if (first == null || second == null || !Arrays.equals(first, second)) {
      throw Failure.usage("the two passwords differ");
    }
    return new String(first);
  }

  private void print(JsonNode value) {
    try {
      out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(value));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Control characters would let a stored name move the cursor of whoever lists it. */
  private static String text(JsonNode value) {
    if (value.isMissingNode() || value.isNull()) {
      return "-";
    }
    if (value.isObject() && value.has("username")) {
      return text(value.get("username"));
    }
    String text = value.isValueNode() ? value.asText() : value.toString();
    return text.isEmpty() ? "-" : text.replaceAll("\\p{Cntrl}", "?");
  }
}
