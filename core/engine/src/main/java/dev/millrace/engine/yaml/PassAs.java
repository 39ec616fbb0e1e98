package dev.millrace.engine.yaml;

import java.util.Set;

/** A pass-as template: literal text with {@code {name}}, {@code {value}} and {@code {v}} in it. */
final class PassAs {
  private static final Set<String> FIELDS = Set.of("name", "value", "v");

  private PassAs() {}

  /** One word of a template with its fields filled in; IllegalArgumentException names the fault. */
  static String fill(String piece, String name, Object value) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < piece.length()) {
      char c = piece.charAt(at);
      boolean doubled = at + 1 < piece.length() && piece.charAt(at + 1) == c;
      if ((c == '{' || c == '}') && doubled) {
        out.append(c);
        at += 2;
      } else if (c == '{') {
        int end = end(piece, at);
        out.append(field(piece.substring(at + 1, end), piece, name, value));
        at = end + 1;
      } else if (c == '}') {
        throw bad(piece, "a single } must be written }}");
      } else {
        out.append(c);
        at++;
      }
    }
    return out.toString();
  }

  private static int end(String piece, int open) {
    int depth = 0;
    for (int at = open; at < piece.length(); at++) {
      depth += piece.charAt(at) == '{' ? 1 : piece.charAt(at) == '}' ? -1 : 0;
      if (depth == 0) {
        return at;
      }
      if (depth > 2) {
        throw bad(piece, "fields are nested too deep");
      }
    }
    throw bad(piece, "a single { must be written {{");
  }

  private static String field(String field, String piece, String name, Object value) {
    int colon = field.indexOf(':');
    String head = colon < 0 ? field : field.substring(0, colon);
    String spec = colon < 0 ? "" : field.substring(colon + 1);
    int mark = head.indexOf('!');
    String key = mark < 0 ? head : head.substring(0, mark);
    if (!FIELDS.contains(key)) {
      throw bad(piece, "only {name}, {value} and {v} are known, not {" + key + "}");
    }
    Object chosen = key.equals("name") ? name : value;
    if (mark >= 0) {
      chosen = converted(chosen, head.substring(mark + 1), piece);
    }
    // A format may itself hold fields, as in {v:{name}}; one level, as in Python.
    String filled = spec.contains("{") ? fill(spec, name, value) : spec;
    return PythonFormat.format(chosen, filled);
  }

  private static String converted(Object value, String conversion, String piece) {
    return switch (conversion) {
      case "r" -> PythonText.repr(value);
      case "s" -> PythonText.str(value);
      case "a" -> PythonText.ascii(value);
      default -> throw bad(piece, "only !r, !s and !a are known");
    };
  }

  private static IllegalArgumentException bad(String piece, String why) {
    return new IllegalArgumentException("'" + piece + "' cannot be filled in: " + why);
  }
}
