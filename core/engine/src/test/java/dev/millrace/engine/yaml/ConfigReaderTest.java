package dev.millrace.engine.yaml;

import static dev.millrace.engine.yaml.Fixtures.read;
import static dev.millrace.engine.yaml.Fixtures.step;
import static dev.millrace.engine.yaml.Fixtures.stepWith;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigReaderTest {

  private static String verdict(String yaml) {
    ConfigReading reading = read(yaml);
    StringBuilder verdict = new StringBuilder();
    for (ConfigProblem.Severity severity : ConfigProblem.Severity.values()) {
      long count = reading.problems().stream().filter(p -> p.severity() == severity).count();
      if (count > 0) {
        verdict.append(severity.name().charAt(0)).append(count);
      }
    }
    assertEquals(reading.errors().isEmpty(), reading.config().isPresent());
    return verdict.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "autorestart: yes|``",
        "autorestart: null|E1",
        "autorestart: 'yes'|E1",
        "autorestart: 1|E1",
        "unknown-a: 1, unknown-b: 2|E1",
        "parameters: [{name: p, type: float, min: 1e-3}]|E1",
        "parameters: [{name: p, type: float, min: 1.0e-3}]|``",
        "time-limit: 60.5|E1",
        "time-limit: 60.0|``",
        "time-limit: 1h 30m|``",
        "time-limit: abc|E1",
        "time-limit: '60'|E1",
        "no-output-timeout: 5x|E1",
        "time-limit: -5|``",
        "parameters: [{name: p, choices: [a], default: b}]|W1",
        "parameters: [{name: p, type: string, default: 5}]|W1",
        "parameters: [{name: p, type: integer, min: 5, default: 0}]|``",
        "parameters: [{name: p, type: integer, default: 1.5}]|W1",
        "parameters: [{name: p, type: integer, default: 1337, max: 100}]|W1",
        "parameters: [{name: p, type: integer, default: [1, x], multiple: repeat}]|W1",
        "parameters: [{name: p, default: 2020-01-01}]|W1",
        "parameters: [{name: p, type: flag, default: 'yes'}]|W1",
        "parameters: [{name: p, type: flag, optional: true}]|W1",
        "parameters: [{name: p, type: flag, pass-as: a, pass-true-as: b}]|W1",
        "parameters: [{name: p, pass-false-as: b}]|W1",
        "parameters: [{name: p, type: flag, multiple: repeat}]|E1",
        "parameters: [{name: p, type: bool}]|E1",
        "parameters: [{name: p, widget: SQL}]|``",
        "parameters: [{name: p, widget: {settings: {}}}]|E1",
        "parameters: [{name: p, default: null}]|``",
        "parameters: [{name: p, description: null}]|E1",
        "parameters: [{type: integer}]|E1",
        "mounts: ['a:/b']|E1",
        "mounts: ['/a:/b:ro']|``",
        "mounts: [{source: a, destination: b}]|E1",
        "mounts: [{source: a, destination: /b, type: NFS, options: {a: 1, b: null}}]|``",
        "environment-variables: [{name: A, default: 1}]|E1",
        "resources: {devices: {gpu: 0}}|E1",
        "resources: {devices: {gpu: -1}}|E1",
        "resources: {devices: {gpu: many}}|E1",
        "resources: {memory: -1}|E1",
        "resources: {devices: {gpu: 1}}|``",
        "resources: {devices: {}}|``",
        "resources: {cpu: {min: 'x'}}|E1",
        "resources: {ephemeral-storage: {min: 1}}|E1",
        "inputs: [{name: i, keep-directories: maybe}]|E1",
        "inputs: [{name: i, keep-directories: suffix}]|``",
        "inputs: [{name: i, keep-directories: true}]|``",
        "inputs: [{name: i, download: never}]|E1",
        "inputs: [{name: i, default: [a, b]}]|``",
        "inputs: [{name: i, default: 5}]|E1",
        "inputs: [{name: 12345678901234567890123456789012345678901234567890123456789012345}]|E1",
        "inputs: [{name: '12345678901234567890123456789012345678901234567890123456789012345'}]|E1",
        "upload-store: '12345678901234567890123456789012345678901234567890123456789012345'|E1",
        "runtime-config-preset: p|E1",
        "'runtime-config-preset: p, environment: e'|``",
        "parameters: null|E1",
        "outputs: [{name: o, description: d}]|``"
      })
  void aStepWithThisIsJudgedAsByTheClients(String flow, String verdict) {
    String body = flow.startsWith("'") ? flow.substring(1, flow.length() - 1) : flow;
    assertEquals(
        verdict,
        verdict("- step: {name: s, image: i, command: c, " + body + "}").replaceAll("H\\d", ""));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[]|``",
        "``|E1",
        "a: 1|E1",
        "[1]|E1",
        "[{nothing: 1}]|W1",
        "[{step: {}}]|E1H1",
        "[{step: }]|E1H1",
        "[{step: {name: s, image: true, command: 5}}]|E2",
        "[{step: {image: x}}]|E2",
        "[{step: {name: s, image: i, command: [a, 1]}}]|E1",
        "[{step: {name: s, image: i, command: []}}]|``",
        "[{step: {name: s, image: i, command: c}}, {step: {name: s, image: i, command: d}}]|W1",
        "[{step: {name: s, image: i, command: c}, nothing: 1}]|``",
        "[{task: {name: t, step: s}}]|E1",
        "[{task: {name: t, step: s, parameters: []}}]|``",
        "[{task: {name: t, step: s, type: Grid-Search, parameter-sets: []}}]|``",
        "[{task: {name: t, step: s, type: x, parameter-sets: []}}]|E1",
        "[{task: {parameters: [{name: null, style: single, rules: null}]}}]|E4",
        "[{endpoint: {name: en, image: i}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, server-command: s}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, port: 1024}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, port: x}}]|E1",
        "[{endpoint: {name: e, image: i, wsgi: w}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, node-selector: x}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, tolerations: [{}]}}]|``",
        "[{endpoint: {name: en, image: i, wsgi: w, tolerations: [{operator: Equal, value: x}]}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, workspace-volume: {}}}]|E2",
        "[{endpoint: {name: en, image: i, wsgi: w, workspace-volume: {mount-path: /a, size: 0}}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, workspace-volume: {mount-path: /a, size: 1.5}}}]|E1",
        "[{endpoint: {name: en, image: i, wsgi: w, workspace-volume: {mount-path: /a, size: 1.0}}}]|``",
        "[{endpoint: {name: en, image: i, wsgi: w, shared-volumes: [{pvc-name: p}]}}]|E1",
        "[{pipeline: {name: p, nodes: [], edges: []}}]|``",
        "[{blueprint: {name: p, edges: []}}]|E1",
        "[{pipeline: {name: p, nodes: [], edges: [[a, b, c]]}}]|E1",
        "[{pipeline: {name: p, nodes: [], edges: [[]]}}]|E1",
        "[{pipeline: {name: p, nodes: [{name: n, step: s}], edges: []}}]|E1",
        "[{pipeline: {name: p, nodes: [{name: n, type: task, step: s, task: t}], edges: []}}]|E1",
        "[{pipeline: {name: p, nodes: [{name: n, type: task}], edges: []}}]|E1",
        "[{pipeline: {name: p, nodes: [{name: n, type: deployment, deployment: d, on-error: retry}], edges: []}}]|E1",
        "[{pipeline: {name: p, nodes: [{name: n, type: execution, step: s, override: {time-limit: 1}}], edges: []}}]|E1",
        "[{pipeline: {name: p, nodes: [{name: n, type: execution, step: s, on-error: retry}], edges: [[n.output.x, n.input.y]]}}]|``",
        "[{pipeline: {name: p, nodes: [], edges: [], reuse-executions: 'yes'}}]|E1",
        "[{deployment: {name: d, defaults: {target: t, allow-cors: true}}}]|``",
        "[{deployment: }]|E1H1",
        "[{deployment: {name: d, nope: 1}}]|E1"
      })
  void aFileLikeThisIsJudgedAsByTheClients(String yaml, String verdict) {
    assertEquals(verdict, verdict(yaml).replace("E3H3", "E1H1"));
  }

  @Test
  void anOutdentedBlockGetsAHint() {
    assertEquals("E3H3", verdict("- step:\n    {}\n"));
  }

  @Test
  void aProblemHasItsPlace() {
    ConfigProblem problem =
        read("- step:\n    name: s\n    image: i\n    command: c\n    colour: red\n")
            .errors()
            .get(0);
    assertEquals("0.step.colour", problem.path());
    assertEquals(5, problem.line());
    assertEquals(5, problem.column());
    assertTrue(
        problem.describe().startsWith("line 5, column 5: unknown key colour"), problem.describe());
    ConfigProblem type =
        read("- step:\n    name: s\n    image: 5\n    command: c\n").errors().get(0);
    assertEquals("0.step.image", type.path());
    assertEquals(3, type.line());
    assertTrue(type.message().contains("string"), type.message());
  }

  @Test
  void textThatIsNotUtf8IsAnError() {
    ConfigReading reading = new ConfigReader().read(new byte[] {'a', (byte) 0xff});
    assertEquals("the file is not UTF-8 text", reading.errors().get(0).message());
    assertTrue(new ConfigReader().read("[]".getBytes(StandardCharsets.UTF_8)).config().isPresent());
  }

  @Test
  void ofStepsWithOneNameTheLastCounts() {
    ConfigReading reading =
        read("- step: {name: s, image: i, command: a}\n- step: {name: s, image: i, command: b}\n");
    assertEquals(1, reading.config().orElseThrow().steps().size());
    assertEquals(List.of("b"), reading.config().orElseThrow().step("s").orElseThrow().commands());
  }

  @Test
  void aStepIsReadWhole() {
    Step step =
        step(
            stepWith(
                "description: |",
                "  one",
                "  two",
                "category: Training",
                "icon: https://example.org/i.png",
                "environment: local",
                "runtime-config-preset: big",
                "autorestart: false",
                "parameters:",
                "  - {name: a, default: 1}",
                "  - {name: b, type: float, min: 0, max: 1.5, widget: {type: SQL, settings: {x: 1}}}",
                "  - {name: a, type: integer, multiple: separate, default: 2, multiple-separator: ''}",
                "inputs:",
                "  - {name: data, default: http://h/a, keep-directories: true, filename: f.csv}",
                "  - {name: more, optional: true, download: on-demand}",
                "outputs: [{name: model}]",
                "mounts: ['/a:/b:ro', {source: 'h:/e', destination: /d, readonly: true, type: NFS, options: {v: 4, n: null}}]",
                "cache-volumes: ['', pvc]",
                "environment-variables: [{name: A, default: x, optional: false}, {name: B}]",
                "environment-variable-groups: [g]",
                "resources: {cpu: {min: 0.1}, memory: {max: 512}, devices: {}}",
                "time-limit: 1h 30m 5s",
                "no-output-timeout: 60",
                "stop-condition: accuracy > 1",
                "source-path: train.py",
                "upload-store: st"));
    assertEquals("one\ntwo\n", step.description());
    assertEquals(Boolean.FALSE, step.autorestart());
    assertEquals(List.of("a", "b"), step.parameters().stream().map(Parameter::name).toList());
    Parameter a = step.parameter("a").orElseThrow();
    assertEquals(List.of(2L), a.defaultValue());
    assertEquals(",", a.multipleSeparator());
    Parameter b = step.parameter("b").orElseThrow();
    assertEquals(1.5, b.max());
    assertEquals(new Parameter.Widget("sql", "{\"x\":1}"), b.widget());
    Input data = step.input("data").orElseThrow();
    assertEquals(List.of("http://h/a"), data.defaults());
    assertEquals(Input.KeepDirectories.FULL, data.keepDirectories());
    assertEquals(Input.Download.ON_DEMAND, step.input("more").orElseThrow().download());
    assertEquals(new Mount("/a", "/b:ro", false, null, Map.of()), step.mounts().get(0));
    assertEquals(new Mount("h:/e", "/d", true, "nfs", Map.of("v", "4")), step.mounts().get(1));
    assertEquals(List.of("pvc"), step.cacheVolumes());
    assertEquals(
        List.of(
            new EnvironmentVariable("A", "x", null, false),
            new EnvironmentVariable("B", null, null, true)),
        step.environmentVariables());
    assertEquals(
        new Resources(new Resources.Range(0.1, null), new Resources.Range(null, 512.0), Map.of()),
        step.resources());
    assertEquals(5405, step.timeLimitSeconds());
    assertEquals(60, step.noOutputTimeoutSeconds());
    assertEquals("train.py", step.sourcePath());
    assertNull(step(stepWith("category: x")).autorestart());
  }

  @Test
  void otherDefinitionsAreKeptAsTheyStand() {
    YamlConfig config =
        read("- task: {name: t, step: s, parameters: []}\n- deployment: {name: d}\n")
            .config()
            .orElseThrow();
    assertEquals(
        List.of(YamlConfig.Kind.TASK, YamlConfig.Kind.DEPLOYMENT),
        config.definitions().stream().map(YamlConfig.Definition::kind).toList());
    assertEquals("s", config.definitions().get(0).content().path("step").asText());
  }
}
