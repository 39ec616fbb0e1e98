package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Writes JSON values as YAML that 1.1 and 1.2 readers take alike: all texts are quoted. */
final class YamlText {
  private static final Set<String> WORDS =
      Set.of("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf");

  private final StringBuilder out = new StringBuilder();

  private YamlText() {}

  /** The value as a YAML document. */
  static String of(JsonNode value) {
    YamlText text = new YamlText();
    if (container(value)) {
      text.block(value, 0, false);
    } else {
      text.scalar(value);
      text.out.append('\n');
    }
    return text.out.toString();
  }

  private static boolean container(JsonNode value) {
    return value.isContainerNode() && !value.isEmpty();
  }

  private void block(JsonNode value, int indent, boolean started) {
    boolean inline = started;
    if (value.isObject()) {
      for (Iterator<Map.Entry<String, JsonNode>> i = value.fields(); i.hasNext(); ) {
        Map.Entry<String, JsonNode> field = i.next();
        indent(inline ? 0 : indent);
        inline = false;
        key(field.getKey());
        out.append(':');
        if (container(field.getValue())) {
          out.append('\n');
          block(field.getValue(), indent + 2, false);
        } else {
          out.append(' ');
          scalar(field.getValue());
          out.append('\n');
        }
      }
      return;
    }
    for (JsonNode item : value) {
      indent(inline ? 0 : indent);
      inline = false;
      out.append("- ");
      if (container(item)) {
        block(item, indent + 2, true);
      } else {
        scalar(item);
        out.append('\n');
      }
    }
  }

  private void indent(int blanks) {
    out.append(" ".repeat(blanks));
  }

  private void key(String key) {
    if (key.matches("[A-Za-z_][A-Za-z0-9_.-]*") && !WORDS.contains(key.toLowerCase(Locale.ROOT))) {
      out.append(key);
    } else {
      quoted(key);
    }
  }

  private void scalar(JsonNode value) {
    if (value.isObject()) {
      out.append("{}");
    } else if (value.isArray()) {
      out.append("[]");
    } else if (value.isFloatingPointNumber()) {
      number(value);
    } else if (value.isTextual()) {
      quoted(value.textValue());
    } else {
      out.append(value.asText());
    }
  }

  private void number(JsonNode value) {
    double d = value.doubleValue();
    if (Double.isNaN(d)) {
      out.append(".nan");
    } else if (Double.isInfinite(d)) {
      out.append(d > 0 ? ".inf" : "-.inf");
    } else {
      // Readers of 1.1 take an exponent only with a sign.
      out.append(value.asText().replaceFirst("[eE]\\+?(\\d)", "e+$1").replace('E', 'e'));
    }
  }

  private void quoted(String text) {
    out.append('"');
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                  if (c < 0x20 || c >= 0x7f && c < 0xa0) {
                    out.append("\\x%02x".formatted(c));
                  } else if (c >= 0xd800 && c < 0xe000
                      || c == 0xfeff
                      || c >= 0xfffe && c <= 0xffff
                      || c == 0x2028
                      || c == 0x2029) {
                    out.append("\\u%04x".formatted(c));
                  } else {
                    out.appendCodePoint(c);
                  }
                }
              }
            });
    out.append('"');
  }
}
