package dev.millrace.engine.yaml;

import static dev.millrace.engine.yaml.Fixtures.commands;
import static dev.millrace.engine.yaml.Fixtures.indented;
import static dev.millrace.engine.yaml.Fixtures.parameter;
import static dev.millrace.engine.yaml.Fixtures.step;
import static dev.millrace.engine.yaml.Fixtures.words;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandsTest {

  private static Step withCommand(String command, String... parameters) {
    return step(
        "- step:\n    name: s\n    image: i\n    command: "
            + command
            + "\n"
            + (parameters.length == 0 ? "" : "    parameters:\n" + indented(parameters)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "type: string|'a b'|'--n=a b'",
        "type: string|''|--n=",
        "type: string, pass-as: '--spec {v}'|'a b'|--spec 'a b'",
        "type: flag|true|--n",
        "type: flag|false|``",
        "type: flag, pass-true-as: --yes|true|--yes",
        "type: flag, pass-true-as: --yes|false|``",
        "type: flag, pass-false-as: '--no-{name}'|false|--no-n",
        "type: integer, multiple: repeat|[1,2]|--n=1 --n=2",
        "type: integer, multiple: repeat, pass-as: '-x {v}'|[1,2]|-x 1 -x 2",
        "type: integer, multiple: separate|[1,2]|--n=1,2",
        "type: integer, multiple: separate, multiple-separator: ' '|[1,2]|'--n=1 2'",
        "type: integer, multiple: separate|7|--n=7",
        "type: integer, multiple: separate, optional: true|[]|``",
        "type: float|1|--n=1.0",
        "type: float|0.0000001|--n=1e-07",
        "type: float, pass-as: '{v:.2f}'|3.14159|3.14",
        "type: string, pass-as: '{value!r}'|'x'|''\"'\"'x'\"'\"''",
        "type: string, optional: true|null|``",
        "type: string|true|--n=True"
      })
  void oneParameterBecomesTheseWords(String flow, String value, String words) {
    assertEquals(words, words(flow, value));
  }

  @Test
  void placeholdersAreFilledAndOthersAreLeftAlone() {
    Step step =
        withCommand(
            "[' run {params} ', 'x {parameter:b} {parameter:hello} ${shell_unicorns}', '{parameter-value:a}!', '{{parameters}}']",
            "- {name: a, default: 'foo bar'}",
            "- {name: b, type: integer, default: 0}",
            "- {name: c, optional: true}");
    assertEquals(
        List.of(
            "run '--a=foo bar' --b=0",
            "x --b=0 {parameter:hello} ${shell_unicorns}",
            "'foo bar'!",
            "{{parameters}}"),
        commands(step, "{}"));
  }

  @Test
  void aValueThatIsMissingLeavesNothingBehind() {
    Step step =
        withCommand(
            "'[{parameter:c}][{parameter-value:c}][{parameter-value:zz}]'",
            "- {name: c, optional: true}");
    assertEquals(List.of("[][][{parameter-value:zz}]"), commands(step, "{}"));
    assertEquals(List.of("[][][{parameter-value:zz}]"), commands(step, "{'c': null}"));
  }

  @Test
  void noParametersGiveNoText() {
    assertEquals(List.of("echo"), commands(withCommand("echo {parameters}"), "{}"));
  }

  @Test
  void falsyValuesStay() {
    Step step =
        withCommand(
            "'{params}'",
            "- {name: ds, pass-as: 'ds={v}', default: x}",
            "- {name: eps, type: integer, pass-as: 'eps={v}', default: 3}");
    assertEquals(List.of("ds= eps=0"), commands(step, "{'ds': '', 'eps': 0}"));
    Step values =
        withCommand(
            "'ds={parameter-value:ds} eps={parameter-value:eps}'",
            "- name: ds",
            "- {name: eps, type: integer}");
    assertEquals(List.of("ds='' eps=0"), commands(values, "{'ds': '', 'eps': 0}"));
  }

  @Test
  void theSourcePathIsQuoted() {
    Step step = withCommand("python {source-path}");
    assertEquals(List.of("python 'my file.py'"), Commands.build(step, Map.of(), "my file.py"));
  }

  @Test
  void quotingIsThatOfThePosixShell() {
    assertEquals("''", Shell.quote(""));
    assertEquals("a@%+=:,./-_Z", Shell.quote("a@%+=:,./-_Z"));
    assertEquals("'foo bar\"\"'\"'\"'; quux'", Shell.quote("foo bar\"\"'; quux"));
    assertEquals("'é'", Shell.quote("é"));
  }

  @Test
  void severalValuesAreSeparatedOrRepeated() {
    Step step =
        withCommand(
            "echo {parameters}",
            "- {name: unlabeled-samples, type: integer, default: 60000}",
            "- {name: encoder-layers, type: integer, multiple: separate, multiple-separator: '-', default: [1000, 500, 250, 250, 250, 10]}",
            "- {name: denoising-cost-x, type: string, multiple: separate, default: ['1000', '1', '0.01', '0.01', '0.01', '0.01', '0.01']}",
            "- {name: decoder-spec, type: string, multiple: repeat, pass-as: '--decoder-spec {v}', default: [gauss, railgun], choices: [gauss, railgun]}");
    assertEquals(
        List.of(
            "echo --unlabeled-samples=60000 --encoder-layers=1000-500-250-250-250-10"
                + " --denoising-cost-x=1000,1,0.01,0.01,0.01,0.01,0.01"
                + " --decoder-spec gauss --decoder-spec railgun"),
        commands(step, "{}"));
  }

  @Test
  void flagsAppearOnlyWhenSet() {
    Step step =
        withCommand(
            "foo {parameters}",
            "- {name: case-insensitive, type: flag, pass-true-as: --ignore-case, pass-false-as: --case-sensitive}",
            "- {name: nice, type: flag, default: true, pass-as: --behave-nice}",
            "- {name: naughty, type: flag, pass-false-as: --no}");
    assertEquals(List.of("foo"), commands(step, "{}"));
    assertEquals(List.of("foo --ignore-case"), commands(step, "{'case-insensitive': true}"));
    assertEquals(List.of("foo --case-sensitive"), commands(step, "{'case-insensitive': false}"));
    assertEquals(List.of("foo --behave-nice"), commands(step, "{'nice': true, 'naughty': true}"));
  }

  @Test
  void optionalAndDefaultCombine() {
    Step step =
        withCommand(
            "foo {parameters}",
            "- {name: varA, type: integer, default: 123}",
            "- {name: varB, type: integer, optional: true}",
            "- {name: varC, type: integer, default: 456, optional: true}");
    assertEquals(List.of("foo --varA=123 --varC=456"), commands(step, "{}"));
    assertEquals(List.of("foo --varA=123 --varB=666 --varC=456"), commands(step, "{'varB': 666}"));
    assertEquals(List.of("foo --varA=123"), commands(step, "{'varC': null}"));
  }

  @Test
  void aBadPassAsNamesItsParameter() {
    Step step = parameter("name: rate, pass-as: '--rate={nope}'");
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> Commands.build(List.of("{parameters}"), step, Map.of("rate", "1"), null));
    assertTrue(e.getMessage().contains("rate") && e.getMessage().contains("nope"), e.getMessage());
  }

  @Test
  void inputAddressesTakeBareValues() {
    Step step = parameter("name: user-id, type: integer");
    assertEquals(
        "s3://b/7/*.jpeg",
        Commands.uri("s3://b/{parameter:user-id}/*.jpeg", step, Map.of("user-id", 7L)));
    assertEquals("s3://b/{x}", Commands.uri("s3://b/{x}", step, Map.of()));
  }

  @Test
  void joiningKeepsTheShebangAlone() {
    assertEquals("foo && bar", Commands.join(List.of("foo", " ", "bar"), " && "));
    assertEquals(
        "#!/bin/sh\nfoo && bar", Commands.join(List.of("#!/bin/sh", "foo", "bar"), " && "));
    assertEquals("#!/bin/sh\nfoo && bar", Commands.join(List.of("#!/bin/sh\nfoo", "bar"), " && "));
    assertEquals("foo\n#!woop", Commands.join(List.of("foo", "#!woop"), "\n"));
    assertEquals("", Commands.join(List.of(), "\n"));
  }
}
