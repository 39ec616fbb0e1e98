package dev.millrace.engine.service;

import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.VariableGroup;
import dev.millrace.engine.domain.VariableGroupId;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.yaml.EnvironmentVariable;
import dev.millrace.engine.yaml.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Lays the environment variables of a run over each other: groups in their order, the project's
 * own, the step's defaults, those of the request; the last one wins. What comes out is fixed for
 * good: the run keeps copies.
 */
final class RunVariables {
  private static final String GROUPS = "environment_variable_groups";
  private static final String VARIABLES = "environment_variables";
  private static final int MAX_GROUPS = 100;

  private final Session session;
  private final InstallationKey key;
  private final Project project;
  private final Scope scope;
  private final User user;
  private final ExecutionId id;
  private final Map<String, EnvironmentValue> values = new LinkedHashMap<>();

  RunVariables(RunSpecs.Place place, InstallationKey key) {
    this.session = place.session();
    this.key = key;
    this.project = place.project();
    this.scope = place.scope();
    this.user = place.user();
    this.id = place.id();
  }

  /** The groups that the request names, else those of the step. */
  static List<String> groups(Submission asked, Step step) {
    return asked.environmentVariableGroups().orElse(step.environmentVariableGroups()).stream()
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .distinct()
        .toList();
  }

  /** All of them in one list; notes what is wrong by field. */
  List<EnvironmentValue> build(Submission asked, Step step, Problems problems) {
    List<String> groups = groups(asked, step);
    problems.check(
        groups.size() <= MAX_GROUPS, GROUPS, "At most " + MAX_GROUPS + " are allowed", "max_items");
    groups.stream().limit(MAX_GROUPS).forEach(name -> group(name, problems));
    if (asked.inheritEnvironmentVariables()) {
      take(project.id().value());
    }
    Map<String, Submission.Variable> given = asked.environmentVariables();
    for (EnvironmentVariable variable : step.environmentVariables()) {
      String standard = variable.defaultValue();
      if (standard != null) {
        put(new EnvironmentValue(variable.name(), Optional.of(standard), Optional.empty()));
      } else if (!variable.optional()
          && !given.containsKey(variable.name())
          && !values.containsKey(variable.name())) {
        problems.add(VARIABLES + "." + variable.name(), "A value is required", "required");
      }
    }
    given.forEach((name, variable) -> put(value(name, variable)));
    problems.check(
        values.size() <= VariableRules.MOST,
        VARIABLES,
        "At most " + VariableRules.MOST + " are allowed",
        "max_items");
    given.forEach(
        (name, variable) -> VariableRules.value(variable.value().reveal(), field(name), problems));
    values.keySet().forEach(name -> VariableRules.name(name, field(name), problems));
    return new ArrayList<>(values.values());
  }

  private static String field(String name) {
    return VARIABLES + "." + Submissions.brief(name);
  }

  private EnvironmentValue value(String name, Submission.Variable given) {
    return given.secret()
        ? new EnvironmentValue(
            name,
            Optional.empty(),
            Optional.of(key.seal(given.value(), EnvironmentValue.context(id))))
        : new EnvironmentValue(name, Optional.of(given.value().reveal()), Optional.empty());
  }

  /** The last one stands last, too. */
  private void put(EnvironmentValue variable) {
    values.remove(variable.name());
    values.put(variable.name(), variable);
  }

  private void take(UUID holder) {
    for (EnvironmentValue variable : session.variables().of(holder)) {
      put(
          new EnvironmentValue(
              variable.name(),
              variable.value(),
              variable
                  .sealed()
                  .map(
                      secret ->
                          key.reseal(
                              secret,
                              EnvironmentValue.context(holder),
                              EnvironmentValue.context(id)))));
    }
  }

  private void group(String name, Problems problems) {
    Optional<VariableGroup> found = find(name);
    if (found.isEmpty()) {
      problems.add(
          GROUPS,
          "There is no variable group \""
              + Submissions.brief(name)
              + "\" of the project's owner or of your own",
          "does_not_exist");
    }
    found.ifPresent(group -> take(group.id().value()));
  }

  /**
   * By id, else by name: of the project's owner first, then of its organisation, then one's own.
   */
  private Optional<VariableGroup> find(String name) {
    List<OwnerId> owners = owners();
    try {
      VariableGroupId byId = VariableGroupId.parse(name);
      return session.variables().find(new Scope.Owners(Set.copyOf(owners)), byId);
    } catch (IllegalArgumentException e) {
      return owners.stream()
          .flatMap(owner -> session.variables().byName(owner, name).stream())
          .findFirst();
    }
  }

  /**
   * Nobody else's, for a run shows its variables to all who see its project; and none that the user
   * does not see.
   */
  private List<OwnerId> owners() {
    Set<OwnerId> owners = new LinkedHashSet<>();
    owners.add(project.owner());
    Optional<Owner> owner = session.owners().find(project.owner());
    if (owner.isPresent() && owner.get() instanceof Team team) {
      owners.add(team.organization());
    }
    if (scope instanceof Scope.Owners some) {
      owners.retainAll(some.owners());
    }
    owners.add(user.id());
    return List.copyOf(owners);
  }
}
