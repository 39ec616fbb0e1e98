package dev.millrace.engine.store;

import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import java.util.Optional;

/**
 * Projects and their repositories. Deleted projects are found by nobody but {@link
 * Scope.Everything}.
 */
public interface ProjectStore {
  /** Throws {@link DuplicateRow} "name" if the owner has a living project of that name. */
  void insert(Project project);

  /** Stores {@code project} if the row still has its version, which is then raised; else false. */
  boolean update(Project project);

  Optional<Project> find(Scope scope, ProjectId id);

  /** By name; newest first among equals. */
  Rows<Project> list(Scope scope, Slice slice);

  /** The next execution counter, from 1; locks the project's row until the transaction ends. */
  int nextExecutionCounter(ProjectId id);

  Optional<Repository> repository(ProjectId id);

  /** The next number for a repository. */
  int nextRepositoryId();

  /** Makes or replaces the project's repository. */
  void put(Repository repository);

  Rows<Repository> repositories(Scope scope, Slice slice);
}
