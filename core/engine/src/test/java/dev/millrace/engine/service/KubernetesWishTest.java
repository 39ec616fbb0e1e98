package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubernetesWishTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static void check(String resources) throws Exception {
    Problems problems = new Problems();
    KubernetesWish.check(
        JSON.readTree(
            "{'containers': {'workload': {'resources': %s}}}"
                .formatted(resources)
                .replace('\'', '"')),
        problems);
    problems.throwIfAny();
  }

  @Test
  void amountsThatMakeSenseAreKept() throws Exception {
    check("{}");
    check("{'requests': {'cpu': 0.5, 'memory': 512}, 'limits': {'cpu': 0.5, 'memory': 1024}}");
    check("{'requests': {'memory': 0}, 'limits': {'cpu': 1000000000, 'devices': {}}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'requests': {'cpu': -1}}|requests.cpu",
        "{'requests': {'memory': -0.1}}|requests.memory",
        "{'requests': {'cpu': 'many'}}|requests.cpu",
        "{'requests': {'cpu': true}}|requests.cpu",
        "{'requests': {'cpu': [1]}}|requests.cpu",
        "{'limits': {'memory': 1e300}}|limits.memory",
        "{'limits': {'cpu': 1000000001}}|limits.cpu",
        "{'requests': {'cpu': 2}, 'limits': {'cpu': 1}}|requests.cpu",
        "{'requests': {'memory': 2}, 'limits': {'memory': 1.9}}|requests.memory",
        "{'limits': {'devices': {'nvidia.com/gpu': 1}}}|limits.devices",
        "{'limits': {'devices': {'nvidia.com/gpu': 0.5}}}|limits.devices",
        "{'limits': {'devices': {'nvidia.com/gpu': 1000000000}}}|limits.devices",
        "{'limits': {'devices': {'made/up': 1}}}|limits.devices",
        "{'limits': {'devices': 1}}|limits.devices",
        "{'requests': {'devices': {}}}|requests.devices",
        "{'requests': {'disk': 1}}|requests.disk",
        "{'requests': 1}|requests",
        "{'wants': {}}|wants"
      })
  void whatNoMachineCouldGiveIsRefusedByField(String resources, String field) {
    Invalid refused = assertThrows(Invalid.class, () -> check(resources), resources);
    assertEquals(
        Set.of("runtime_config.kubernetes.containers.workload.resources." + field),
        refused.fields().keySet());
  }
}
