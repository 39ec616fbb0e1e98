package dev.millrace.engine.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PythonFormatTest {

  @ParameterizedTest
  @CsvSource({
    "1.0,1.0",
    "1e-7,1e-07",
    "1e16,1e+16",
    "123456789012345680.0,1.2345678901234568e+17",
    "0.0001,0.0001",
    "0.00001,1e-05",
    "0.1,0.1",
    "100.0,100.0",
    "-0.0,-0.0",
    "2.0E-3,0.002",
    "1234567.5,1234567.5",
    "9007199254740993,9007199254740992.0",
    "5e-324,5e-324",
    "1.7976931348623157e308,1.7976931348623157e+308",
    "NaN,nan",
    "Infinity,inf",
    "-Infinity,-inf"
  })
  void floatsAreShortestAsInPython(double value, String text) {
    assertEquals(text, PythonText.str(value));
  }

  @Test
  void otherValuesPrintAsInPython() {
    assertEquals("True", PythonText.str(true));
    assertEquals("False", PythonText.str(false));
    assertEquals("[1, 'a', 2.0]", PythonText.str(List.of(1L, "a", 2.0)));
    assertEquals("'a\\nb'", PythonText.repr("a\nb"));
    assertEquals("\"it's\"", PythonText.repr("it's"));
    assertEquals("'\\'\"'", PythonText.repr("'\""));
    assertEquals("'é\\u200b'", PythonText.repr("é\u200b"));
    assertEquals("'\\xe9'", PythonText.ascii("é"));
    assertEquals("'\\U0001f600'", PythonText.ascii("\uD83D\uDE00"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ".2f|3.14159|3.14", ".0f|2.5|2", "f|0.1|0.100000", ".3e|12345.678|1.235e+04",
        "e|0.0|0.000000e+00", "g|100000.0|100000", "g|1000000.0|1e+06", ".3g|0.00012345|0.000123",
        ".3|1234.5|1.23e+03", ".3|100.0|1e+02", ".4|100.0|100.0", "%|0.125|12.500000%",
        ".1%|0.125|12.5%", "+.1f|2.0|+2.0", "08.2f|-3.14159|-0003.14",
            ",.1f|1234567.25|1,234,567.2",
        "G|1e-10|1E-10", "n|1.5|1.5", "F|Infinity|INF", "+|NaN|+nan"
      })
  void floatsTakeFormats(String spec, double value, String text) {
    assertEquals(text, PythonFormat.format(value, spec));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "d|5|5", "05|5|00005", ">5d|5|'    5'", "<5|5|'5    '", "*^7|5|***5***", "x|255|ff",
        "#x|255|0xff", "X|255|FF", "b|5|101", "o|8|10", ",|1234567|1,234,567", "_x|65536|1_0000",
        "+d|5|+5", "' '|5|' 5'", "c|65|A", ".2f|3|3.00", "e|12345|1.234500e+04", "=+5|3|'+   3'"
      })
  void integersTakeFormats(String spec, long value, String text) {
    assertEquals(text, PythonFormat.format(value, spec));
  }

  @Test
  void textsAndBooleansTakeFormats() {
    assertEquals("ab   ", PythonFormat.format("ab", "5"));
    assertEquals("   ab", PythonFormat.format("ab", ">5"));
    assertEquals("ab", PythonFormat.format("abcdef", ".2"));
    assertEquals("*ab**", PythonFormat.format("ab", "*^5s"));
    assertEquals("True", PythonFormat.format(true, ""));
    assertEquals("1", PythonFormat.format(true, "d"));
    assertEquals("18446744073709551616", PythonFormat.format(BigInteger.ONE.shiftLeft(64), "d"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"d", "=5", "+", ",", "y", ".2q", "99999", "5000"})
  void aFormatThatDoesNotFitTextIsRefused(String spec) {
    assertThrows(IllegalArgumentException.class, () -> PythonFormat.format("a", spec));
  }

  @ParameterizedTest
  @ValueSource(strings = {"s", ".2d", "99999f", "y"})
  void aFormatThatDoesNotFitAnIntegerIsRefused(String spec) {
    assertThrows(IllegalArgumentException.class, () -> PythonFormat.format(5L, spec));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--{name}={value}|--n=x",
        "{v!r}|'''x'''",
        "{{v}}|{v}",
        "{v:>3}|'  x'",
        "a}}b|a}b",
        "{v:{name}<3}|xnn",
        "{value!s:.1}|x"
      })
  void templatesAreFilled(String template, String text) {
    assertEquals(text, PassAs.fill(template, "n", "x"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{", "}", "{x}", "{}", "{0}", "{v.real}", "{v[0]}", "{v!q}", "{v:{v:{v}}}"})
  void aTemplateThatCannotBeFilledIsRefused(String template) {
    assertThrows(IllegalArgumentException.class, () -> PassAs.fill(template, "n", "x"));
  }
}
