package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Short ways to steps and values for the tests of this package. */
final class Fixtures {
  private static final ConfigReader READER = new ConfigReader();
  private static final ObjectMapper JSON = new ObjectMapper();

  private Fixtures() {}

  static ConfigReading read(String yaml) {
    return READER.read(yaml);
  }

  /** A step with these lines below its name, image and command. */
  static String stepWith(String... lines) {
    return "- step:\n    name: s\n    image: i\n    command: c\n" + indented(lines);
  }

  static String indented(String... lines) {
    StringBuilder text = new StringBuilder();
    for (String block : lines) {
      block.lines().forEach(line -> text.append("    ").append(line).append('\n'));
    }
    return text.toString();
  }

  /** The only step of a file without errors. */
  static Step step(String yaml) {
    ConfigReading reading = read(yaml);
    if (!reading.errors().isEmpty()) {
      throw new AssertionError(reading.errors().toString());
    }
    return reading.config().orElseThrow().steps().get(0);
  }

  /** A step with one parameter, given as the body of a YAML flow mapping. */
  static Step parameter(String flow) {
    return step(stepWith("parameters:", "  - {" + flow + "}"));
  }

  static Map<String, JsonNode> given(String json) {
    try {
      Map<String, JsonNode> values = new LinkedHashMap<>();
      JSON.readTree(json.replace('\'', '"'))
          .properties()
          .forEach(entry -> values.put(entry.getKey(), entry.getValue()));
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The commands for these given values, which must be good. */
  static List<String> commands(Step step, String json) {
    Checked<Object> checked = Parameters.validate(step, given(json));
    if (!checked.ok()) {
      throw new AssertionError(checked.errors().toString());
    }
    return Commands.build(step, checked.values(), null);
  }

  /** What one parameter adds to a command, in the shell's form. */
  static String words(String flow, String json) {
    Step step = parameter("name: n, " + flow);
    Checked<Object> checked = Parameters.validate(step, given("{'n': " + json + "}"));
    if (!checked.ok()) {
      throw new AssertionError(checked.errors().toString());
    }
    return Commands.build(List.of("{parameters}"), step, checked.values(), null).get(0);
  }
}
