package dev.millrace.engine.service;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;

/**
 * What a request asks of Kubernetes. CPU and memory are kept and shown, and mean nothing to other
 * machines, where a run has its slot's share; devices and cache volumes are refused, because the
 * run would lack what it was promised.
 */
final class KubernetesWish {
  private static final String FIELD = "runtime_config.kubernetes";
  private static final BigDecimal MOST = BigDecimal.valueOf(1_000_000_000L);
  private static final Set<String> AMOUNTS = Set.of("cpu", "memory");

  private final Problems problems;

  private KubernetesWish(Problems problems) {
    this.problems = problems;
  }

  static void check(JsonNode wish, Problems problems) {
    KubernetesWish checked = new KubernetesWish(problems);
    if (checked.object(wish, FIELD, Set.of("containers", "cache_volumes"))) {
      checked.volumes(wish.path("cache_volumes"));
      checked.containers(wish.path("containers"));
    }
  }

  private void volumes(JsonNode volumes) {
    boolean none = absent(volumes) || (volumes.isArray() && volumes.isEmpty());
    problems.check(
        none,
        FIELD + ".cache_volumes",
        "There are no Kubernetes volumes here; take cache-volumes out of the step",
        "not_supported");
  }

  private void containers(JsonNode containers) {
    String field = FIELD + ".containers";
    if (absent(containers) || !object(containers, field, Set.of("workload"))) {
      return;
    }
    JsonNode workload = containers.path("workload");
    field += ".workload";
    if (absent(workload) || !object(workload, field, Set.of("resources"))) {
      return;
    }
    JsonNode resources = workload.path("resources");
    field += ".resources";
    if (absent(resources) || !object(resources, field, Set.of("requests", "limits"))) {
      return;
    }
    amounts(resources.path("requests"), field + ".requests", AMOUNTS);
    amounts(resources.path("limits"), field + ".limits", Set.of("cpu", "memory", "devices"));
    ordered(resources, field);
    JsonNode devices = resources.path("limits").path("devices");
    problems.check(
        absent(devices) || (devices.isObject() && devices.isEmpty()),
        field + ".limits.devices",
        "Devices cannot be asked for by number here: a worker's only slot has all its GPUs; take"
            + " them out and choose the environment",
        "not_supported");
  }

  private void amounts(JsonNode amounts, String field, Set<String> known) {
    if (absent(amounts) || !object(amounts, field, known)) {
      return;
    }
    for (String name : AMOUNTS) {
      JsonNode amount = amounts.path(name);
      problems.check(
          absent(amount)
              || (amount.isNumber()
                  && amount.decimalValue().signum() >= 0
                  && amount.decimalValue().compareTo(MOST) <= 0),
          field + "." + name,
          "Give a number that is not negative: CPUs, or memory in MiB",
          "invalid");
    }
  }

  private void ordered(JsonNode resources, String field) {
    for (String name : AMOUNTS) {
      JsonNode least = resources.path("requests").path(name);
      JsonNode most = resources.path("limits").path(name);
      problems.check(
          !least.isNumber()
              || !most.isNumber()
              || least.decimalValue().compareTo(most.decimalValue()) <= 0,
          field + ".requests." + name,
          "This is more than its limit; give at most that",
          "invalid");
    }
  }

  private boolean object(JsonNode node, String field, Set<String> known) {
    if (!node.isObject()) {
      problems.add(field, "Give an object", "invalid");
      return false;
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      problems.check(
          known.contains(entry.getKey()),
          field + "." + Submissions.brief(entry.getKey()),
          "There is no such setting; leave it out",
          "unknown");
    }
    return true;
  }

  private static boolean absent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }
}
