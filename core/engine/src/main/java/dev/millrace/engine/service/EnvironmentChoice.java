package dev.millrace.engine.service;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.yaml.Step;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Where a run goes: what the request names, else what the step names, else the project's default,
 * else the oldest environment.
 */
final class EnvironmentChoice {
  private static final String PROJECT_DEFAULT = "PROJECT_DEFAULT";
  private static final String FIELD = "environment";

  private final Session session;
  private final Scope scope;
  private final Project project;

  EnvironmentChoice(Session session, Scope scope, Project project) {
    this.session = session;
    this.scope = scope;
    this.project = project;
  }

  /** The environment, or empty after a problem was noted. */
  Optional<Environment> choose(Submission asked, Step step, Problems problems) {
    Optional<String> named = asked.environment().filter(name -> !name.isBlank());
    Optional<Environment> chosen;
    if (named.isPresent()) {
      chosen =
          named.get().equals(PROJECT_DEFAULT)
              ? otherwise(problems)
              : known(exact(named.get()), named.get(), "", problems);
    } else if (step.environment() != null && !step.environment().isBlank()) {
      String name = step.environment();
      chosen = known(exact(name).or(() -> similar(name)), name, "The step names it: ", problems);
    } else {
      chosen = otherwise(problems);
    }
    chosen
        .filter(e -> !e.enabled())
        .ifPresent(
            e ->
                problems.add(
                    FIELD,
                    "Environment \"" + e.slug() + "\" is disabled; choose another one",
                    "disabled"));
    return chosen;
  }

  private Optional<Environment> exact(String name) {
    try {
      Optional<Environment> byId =
          session.environments().find(scope, EnvironmentId.parse(name.strip()));
      if (byId.isPresent()) {
        return byId;
      }
    } catch (IllegalArgumentException e) {
      // Not an id, so it must be a slug.
    }
    return session.environments().bySlug(scope, name.strip());
  }

  private Optional<Environment> similar(String part) {
    List<Environment> found =
        all().stream().filter(e -> e.name().contains(part.strip())).limit(2).toList();
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }

  private Optional<Environment> otherwise(Problems problems) {
    Optional<Environment> standard =
        project.defaultEnvironment().flatMap(id -> session.environments().find(scope, id));
    if (standard.isPresent()) {
      return standard;
    }
    Optional<Environment> oldest =
        all().stream()
            .filter(Environment::enabled)
            .min(Comparator.comparing(Environment::createdAt));
    if (oldest.isEmpty()) {
      problems.add(
          FIELD,
          "There is no environment to run in; ask the administrator for a worker group",
          "does_not_exist");
    }
    return oldest;
  }

  private Optional<Environment> known(
      Optional<Environment> found, String name, String prefix, Problems problems) {
    if (found.isEmpty()) {
      problems.add(
          FIELD,
          prefix
              + "there is no environment \""
              + Submissions.brief(name)
              + "\"; there are "
              + String.join(", ", Submissions.names(all())),
          "does_not_exist");
    }
    return found;
  }

  private List<Environment> all() {
    return session.environments().list(scope, Slice.first(1_000)).items();
  }
}
