package dev.millrace.engine.yaml;

import static dev.millrace.engine.yaml.Fixtures.given;
import static dev.millrace.engine.yaml.Fixtures.parameter;
import static dev.millrace.engine.yaml.Fixtures.step;
import static dev.millrace.engine.yaml.Fixtures.stepWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParametersTest {

  private static Checked<Object> check(String flow, String value) {
    return Parameters.validate(parameter("name: n, " + flow), given("{'n': " + value + "}"));
  }

  private static String code(String flow, String value) {
    Checked<Object> checked = check(flow, value);
    assertTrue(!checked.ok(), () -> "accepted: " + checked.values());
    return checked.errors().get("n").get(0).code();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {"5|5", "'5'|5", "'-3'|-3", "'+5'|5", "' 5 '|5", "'1_000'|1000"})
  void integersAreReadFromNumbersAndTexts(String given, long value) {
    assertEquals(value, check("type: integer", given).values().get("n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "5.3|invalid", "'5.3'|invalid", "5.0|invalid", "true|invalid", "false|invalid",
        "'hello'|invalid", "'0x10'|invalid", "''|required", "null|required", "{}|invalid",
        "[1]|single_value", "'_1'|invalid"
      })
  void whatIsNoIntegerIsRefused(String given, String code) {
    assertEquals(code, code("type: integer", given));
  }

  @Test
  void aRefusalNamesTheValue() {
    FieldError error = check("type: integer", "'hello'").errors().get("n").get(0);
    assertEquals("hello is not an integer", error.message());
  }

  @Test
  void integersMayBeLarge() {
    assertEquals(
        new BigInteger("123456789012345678901234567890"),
        check("type: integer", "123456789012345678901234567890").values().get("n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1|1.0",
        "'1.5'|1.5",
        "'1e-3'|0.001",
        "' 2 '|2.0",
        "'1_0.5'|10.5",
        "'.5'|0.5",
        "'5.'|5.0",
        "'nan'|NaN",
        "'-Infinity'|-Infinity",
        "'inf'|Infinity"
      })
  void floatsAreReadFromNumbersAndTexts(String given, double value) {
    assertEquals(value, check("type: float", given).values().get("n"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'hello'|invalid",
        "true|invalid",
        "false|invalid",
        "null|required",
        "''|required",
        "'.'|invalid",
        "'1f'|invalid",
        "'0x1p3'|invalid"
      })
  void whatIsNoFloatIsRefused(String given, String code) {
    assertEquals(code, code("type: float", given));
  }

  @Test
  void boundsAreInclusive() {
    assertEquals("min_value", code("type: integer, min: 0, max: 10", "-5"));
    assertEquals("max_value", code("type: integer, min: 0, max: 10", "15"));
    assertTrue(check("type: integer, min: 0, max: 10", "0").ok());
    assertTrue(check("type: integer, min: 0, max: 10", "10").ok());
    assertTrue(check("type: string, min: 0", "'x'").ok());
  }

  @Test
  void choicesCompareAsInPython() {
    assertTrue(check("type: float, choices: [1, 2]", "1").ok());
    assertEquals("invalid_choice", code("type: string, choices: ['5']", "5"));
    assertEquals("invalid_choice", code("type: string, choices: [a, b]", "'c'"));
    assertTrue(check("type: string, choices: [a, b]", "'b'").ok());
  }

  @Test
  void flagsAreTrueOrFalse() {
    assertEquals(true, check("type: flag", "true").values().get("n"));
    assertEquals(false, check("type: flag", "0").values().get("n"));
    assertEquals("invalid_choice", code("type: flag", "'yes'"));
    assertTrue(
        Parameters.validate(parameter("name: n, type: flag, default: true"), Map.of())
            .values()
            .isEmpty());
  }

  @Test
  void aMultipleParameterTakesOneOrMany() {
    String flow = "type: integer, multiple: repeat, max: 9";
    assertEquals(List.of(3L), check(flow, "3").values().get("n"));
    assertEquals(List.of(3L, 4L), check(flow, "[3, '4']").values().get("n"));
    assertEquals("invalid", code(flow, "[3, [4]]"));
    assertEquals("required", code(flow, "[3, null]"));
    assertEquals("max_value", code(flow, "[3, 10]"));
    assertEquals("required", code(flow, "[]"));
    assertTrue(check(flow + ", optional: true", "[]").values().isEmpty());
    assertEquals(List.of(), check(flow + ", default: [1]", "[]").values().get("n"));
  }

  @Test
  void nothingGivenAndNoDefaultIsAnErrorUnlessOptional() {
    assertEquals(
        "required",
        Parameters.validate(parameter("name: n"), Map.of()).errors().get("n").get(0).code());
    assertTrue(Parameters.validate(parameter("name: n, optional: true"), Map.of()).ok());
    assertEquals(
        Map.of("n", "d"), Parameters.validate(parameter("name: n, default: d"), Map.of()).values());
  }

  @Test
  void aNameThatTheStepDoesNotHaveIsAnErrorThatSaysWhatToDo() {
    FieldError error =
        Parameters.validate(parameter("name: n, default: d"), given("{'m': 1}"))
            .errors()
            .get("m")
            .get(0);
    assertEquals("unknown", error.code());
    assertTrue(error.message().contains("commit and push"), error.message());
  }

  @Test
  void parametersJsonKeepsNativeTypes() throws Exception {
    Step step =
        step(
            stepWith(
                "parameters:",
                "  - {name: rate, type: float, default: 1}",
                "  - {name: epochs, type: integer, default: 5}",
                "  - {name: shuffle, type: flag}",
                "  - {name: layers, type: integer, multiple: separate, default: [1, 2]}",
                "  - {name: label, default: x}",
                "  - {name: none, optional: true}"));
    Checked<Object> checked = Parameters.validate(step, given("{'shuffle': true, 'none': null}"));
    assertEquals(
        "{\"rate\":1.0,\"epochs\":5,\"shuffle\":true,\"layers\":[1,2],\"label\":\"x\"}",
        new ObjectMapper().writeValueAsString(checked.values()));
  }

  @Test
  void inputsTakeDefaultsAndMustHaveAnAddress() {
    Step step =
        step(
            stepWith(
                "parameters:",
                "  - {name: id, type: integer, default: 7}",
                "inputs:",
                "  - {name: a, default: 'http://h/{parameter:id}.csv'}",
                "  - {name: b}",
                "  - {name: c, optional: true}"));
    Map<String, Object> values = Parameters.validate(step, Map.of()).values();
    Checked<List<String>> missing = Inputs.validate(step, Map.of("x", List.of("u")), values);
    assertEquals(List.of("b", "x"), List.copyOf(missing.errors().keySet()));
    Checked<List<String>> good = Inputs.validate(step, Map.of("b", List.of(" u ")), values);
    assertTrue(good.ok());
    assertEquals(
        Map.of("a", List.of("http://h/7.csv"), "b", List.of("u"), "c", List.of()), good.values());
  }
}
