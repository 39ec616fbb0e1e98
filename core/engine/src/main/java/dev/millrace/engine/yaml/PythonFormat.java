package dev.millrace.engine.yaml;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's format mini-language for the values that parameters have, such as {@code >8.2f}. */
final class PythonFormat {
  private static final Pattern SPEC =
      Pattern.compile(
          "(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>\\d+)?"
              + "(?<group>[,_])?(?:\\.(?<precision>\\d+))?(?<type>[a-zA-Z%])?",
          Pattern.DOTALL);
  private static final int MAX_SIZE = 1000;

  private final Matcher spec;
  private final String text;

  private PythonFormat(String text) {
    this.text = text;
    this.spec = SPEC.matcher(text);
    if (!spec.matches()) {
      throw new IllegalArgumentException("'" + text + "' is not a format that is known");
    }
  }

  /** As {@code format(value, spec)}; IllegalArgumentException where the two do not fit. */
  static String format(Object value, String spec) {
    if (spec.isEmpty()) {
      return PythonText.str(value);
    }
    PythonFormat format = new PythonFormat(spec);
    Object plain = value instanceof Boolean flag ? (Object) (flag ? 1L : 0L) : value;
    if (plain instanceof String string) {
      return format.string(string);
    }
    if (plain instanceof Number number) {
      return format.number(number);
    }
    throw format.bad("a list");
  }

  private String string(String value) {
    String type = type("s");
    if (!type.equals("s") || spec.group("sign") != null || spec.group("group") != null) {
      throw bad("text");
    }
    if ("=".equals(spec.group("align")) || spec.group("alternate") != null) {
      throw bad("text");
    }
    String shown = value;
    if (spec.group("precision") != null) {
      int length = Math.min(precision(0), value.codePointCount(0, value.length()));
      shown = value.substring(0, value.offsetByCodePoints(0, length));
    }
    return pad("", shown, "<");
  }

  private String number(Number value) {
    boolean whole = !(value instanceof Double);
    String type = type(whole ? "d" : "");
    if ("bcdoxXn".contains(type) && !type.isEmpty() && (whole || type.equals("n"))) {
      return whole ? integer(value, type) : real(value.doubleValue(), "g");
    }
    if (type.equals("s") || !"eEfFgGn%".contains(type)) {
      throw bad(whole ? "an integer" : "a float");
    }
    return real(value.doubleValue(), type);
  }

  private String integer(Number value, String type) {
    if (spec.group("precision") != null) {
      throw bad("an integer");
    }
    BigInteger number = PythonText.decimal(value).toBigIntegerExact();
    String sign = sign(number.signum() < 0);
    BigInteger size = number.abs();
    String prefix = spec.group("alternate") != null && "boxX".contains(type) ? "0" + type : "";
    String digits =
        switch (type) {
          case "b" -> group(size.toString(2), 4);
          case "o" -> group(size.toString(8), 4);
          case "x" -> group(size.toString(16), 4);
          case "X" -> group(size.toString(16).toUpperCase(Locale.ROOT), 4);
          case "c" -> character(number);
          default -> group(size.toString(), 3);
        };
    return pad(sign + prefix, digits, ">");
  }

  private String character(BigInteger number) {
    if (number.bitLength() > 21 || !Character.isValidCodePoint(number.intValue())) {
      throw bad("an integer outside the characters");
    }
    return Character.toString(number.intValue());
  }

  private String real(double value, String type) {
    String sign = sign(value < 0 || (value == 0 && 1 / value < 0));
    double size = Math.abs(value);
    boolean upper = !type.isEmpty() && Character.isUpperCase(type.charAt(0));
    String percent = type.equals("%") ? "%" : "";
    String digits;
    if (Double.isNaN(size) || Double.isInfinite(size)) {
      digits = (Double.isNaN(size) ? "nan" : "inf") + percent;
    } else {
      digits =
          switch (type.toLowerCase(Locale.ROOT)) {
            case "f" -> fixed(new BigDecimal(size), precision(6));
            case "%" -> fixed(new BigDecimal(size * 100), precision(6)) + percent;
            case "e" -> scientific(new BigDecimal(size), precision(6));
            case "" -> general(size, false);
            default -> general(size, true);
          };
      digits = grouped(digits);
    }
    return pad(sign, upper ? digits.toUpperCase(Locale.ROOT) : digits, ">");
  }

  private String fixed(BigDecimal value, int precision) {
    String plain = value.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return precision == 0 && spec.group("alternate") != null ? plain + "." : plain;
  }

  private static String scientific(BigDecimal value, int precision) {
    if (value.signum() == 0) {
      return BigDecimal.ZERO.setScale(precision).toPlainString() + "e+00";
    }
    BigDecimal rounded = value.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    int exponent = rounded.precision() - rounded.scale() - 1;
    BigDecimal mantissa = rounded.movePointLeft(exponent).setScale(precision);
    return mantissa.toPlainString() + PythonText.exponent(exponent, 'e');
  }

  /** Type g, or no type at all: then whole numbers keep their fraction. */
  private String general(double size, boolean typed) {
    if (!typed && spec.group("precision") == null) {
      return PythonText.floating(size);
    }
    int precision = Math.max(1, precision(6));
    if (size == 0) {
      return typed ? "0" : "0.0";
    }
    BigDecimal rounded =
        new BigDecimal(size).round(new MathContext(precision, RoundingMode.HALF_EVEN));
    int exponent = rounded.precision() - rounded.scale() - 1;
    int limit = typed ? precision : precision - 1;
    if (exponent < -4 || exponent >= limit) {
      String mantissa = rounded.movePointLeft(exponent).stripTrailingZeros().toPlainString();
      return mantissa + PythonText.exponent(exponent, 'e');
    }
    String plain = rounded.stripTrailingZeros().toPlainString();
    return typed || plain.contains(".") ? plain : plain + ".0";
  }

  private String grouped(String digits) {
    int end = 0;
    while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
      end++;
    }
    return group(digits.substring(0, end), 3) + digits.substring(end);
  }

  private String group(String digits, int size) {
    String mark = spec.group("group");
    if (mark == null) {
      return digits;
    }
    StringBuilder out = new StringBuilder(digits);
    for (int at = digits.length() - size; at > 0; at -= size) {
      out.insert(at, mark);
    }
    return out.toString();
  }

  private String pad(String sign, String digits, String usual) {
    boolean zero = spec.group("zero") != null && !usual.equals("<");
    String align = or(spec.group("align"), zero ? "=" : usual);
    String fill = or(spec.group("fill"), spec.group("zero") != null ? "0" : " ");
    int width = spec.group("width") == null ? 0 : size(spec.group("width"));
    int missing = Math.max(0, width - sign.length() - digits.codePointCount(0, digits.length()));
    return switch (align) {
      case "<" -> sign + digits + fill.repeat(missing);
      case "^" -> fill.repeat(missing / 2) + sign + digits + fill.repeat(missing - missing / 2);
      case "=" -> sign + fill.repeat(missing) + digits;
      default -> fill.repeat(missing) + sign + digits;
    };
  }

  private String sign(boolean negative) {
    String wanted = or(spec.group("sign"), "-");
    return negative ? "-" : wanted.equals("-") ? "" : wanted;
  }

  private String type(String usual) {
    return or(spec.group("type"), usual);
  }

  private int precision(int usual) {
    String digits = spec.group("precision");
    return digits == null ? usual : size(digits);
  }

  private int size(String digits) {
    if (digits.length() > 4 || Integer.parseInt(digits) > MAX_SIZE) {
      throw new IllegalArgumentException(
          "the format '" + text + "' is wider than " + MAX_SIZE + " characters");
    }
    return Integer.parseInt(digits);
  }

  private IllegalArgumentException bad(String what) {
    return new IllegalArgumentException("the format '" + text + "' does not fit " + what);
  }

  private static String or(@Nullable String text, String otherwise) {
    return text == null ? otherwise : text;
  }
}
