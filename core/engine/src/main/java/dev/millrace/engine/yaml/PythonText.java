package dev.millrace.engine.yaml;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Values as Python prints them: 1.0, 1e-07, True. Programs in steps are written for these forms.
 */
final class PythonText {
  private PythonText() {}

  /** As {@code str(value)}. */
  static String str(Object value) {
    if (value instanceof Boolean flag) {
      return flag ? "True" : "False";
    }
    if (value instanceof Double number) {
      return floating(number);
    }
    if (value instanceof List<?> items) {
      return items.stream().map(PythonText::repr).collect(Collectors.joining(", ", "[", "]"));
    }
    return value.toString();
  }

  /** As {@code repr(value)}. */
  static String repr(Object value) {
    return value instanceof String text ? quoted(text, false) : str(value);
  }

  /** As {@code ascii(value)}. */
  static String ascii(Object value) {
    return value instanceof String text ? quoted(text, true) : str(value);
  }

  static BigDecimal decimal(Number number) {
    if (number instanceof BigInteger big) {
      return new BigDecimal(big);
    }
    return number instanceof Double real
        ? new BigDecimal(real)
        : BigDecimal.valueOf(number.longValue());
  }

  /** The shortest text that reads back as the same number. */
  static String floating(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    // Double.toString is not the shortest form before JDK 19.
    BigDecimal exact = new BigDecimal(value);
    BigDecimal shortest = shortest(exact, value);
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent < -4 || exponent >= 16) {
      return scientific(shortest, exponent);
    }
    String plain = shortest.stripTrailingZeros().toPlainString();
    return plain.contains(".") ? plain : plain + ".0";
  }

  private static BigDecimal shortest(BigDecimal exact, double value) {
    for (int digits = 1; digits <= 17; digits++) {
      // Beside a power of two the nearest decimal may read back as another number, its neighbour
      // not.
      for (RoundingMode mode :
          List.of(RoundingMode.HALF_EVEN, RoundingMode.UP, RoundingMode.DOWN)) {
        BigDecimal rounded = exact.round(new MathContext(digits, mode));
        if (rounded.doubleValue() == value) {
          return rounded;
        }
      }
    }
    return exact;
  }

  private static String scientific(BigDecimal number, int exponent) {
    BigDecimal mantissa = number.movePointLeft(exponent).stripTrailingZeros();
    return mantissa.toPlainString() + exponent(exponent, 'e');
  }

  static String exponent(int exponent, char letter) {
    int size = Math.abs(exponent);
    return letter + (exponent < 0 ? "-" : "+") + (size < 10 ? "0" : "") + size;
  }

  private static String quoted(String text, boolean ascii) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder out = new StringBuilder().append(quote);
    text.codePoints().forEach(point -> append(out, point, quote, ascii));
    return out.append(quote).toString();
  }

  private static void append(StringBuilder out, int point, char quote, boolean ascii) {
    if (point == quote || point == '\\') {
      out.append('\\').appendCodePoint(point);
    } else if (point == '\n') {
      out.append("\\n");
    } else if (point == '\r') {
      out.append("\\r");
    } else if (point == '\t') {
      out.append("\\t");
    } else if (point < 0x20 || point == 0x7f || (point > 0x7f && (ascii || hidden(point)))) {
      String form = point <= 0xff ? "\\x%02x" : point <= 0xffff ? "\\u%04x" : "\\U%08x";
      out.append(form.formatted(point));
    } else {
      out.appendCodePoint(point);
    }
  }

  private static boolean hidden(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          true;
      default -> false;
    };
  }
}
