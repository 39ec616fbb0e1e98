package dev.millrace.engine.plugins;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the clauses of an OSGi manifest header: paths, and attributes and directives by name. */
final class ManifestHeader {
  /** Some paths and what is said of them; directives have a colon at the end of their name. */
  record Clause(List<String> paths, Map<String, String> parameters) {}

  private ManifestHeader() {}

  static List<Clause> clauses(String header) {
    List<Clause> clauses = new ArrayList<>();
    for (String clause : split(header, ',')) {
      List<String> paths = new ArrayList<>();
      Map<String, String> parameters = new LinkedHashMap<>();
      for (String part : split(clause, ';')) {
        int equals = part.indexOf('=');
        if (equals < 0) {
          paths.add(part.trim());
        } else {
          String value = part.substring(equals + 1).trim();
          if (value.length() >= 2 && value.startsWith("\"") && value.endsWith("\"")) {
            value = value.substring(1, value.length() - 1);
          }
          parameters.put(part.substring(0, equals).trim(), value);
        }
      }
      clauses.add(new Clause(List.copyOf(paths), Map.copyOf(parameters)));
    }
    return clauses;
  }

  private static List<String> split(String text, char at) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (char c : text.toCharArray()) {
      quoted ^= c == '"';
      if (c == at && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts.stream().filter(each -> !each.isBlank()).toList();
  }
}
