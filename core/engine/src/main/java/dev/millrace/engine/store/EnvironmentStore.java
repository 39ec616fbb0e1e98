package dev.millrace.engine.store;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import java.util.Map;
import java.util.Optional;

/** Environments, which are worker groups; shared ones are in every scope. */
public interface EnvironmentStore {
  /** Throws {@link DuplicateRow} "slug". */
  void insert(Environment environment);

  /**
   * Stores {@code environment} if the row still has its version, which is then raised; else false.
   */
  boolean update(Environment environment);

  Optional<Environment> find(Scope scope, EnvironmentId id);

  Optional<Environment> bySlug(Scope scope, String slug);

  /** By name. */
  Rows<Environment> list(Scope scope, Slice slice);

  /** Executions that are neither deleted nor ended, by environment. */
  Map<EnvironmentId, Long> unfinished();
}
