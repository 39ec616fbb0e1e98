package dev.millrace.engine.store;

import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import java.time.Instant;
import java.util.List;
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

  /** Which projects that part of such a list has; found without reading them. */
  Keys<ProjectId> keys(Scope scope, Slice slice);

  /** The first of those projects, as many as fit into one stretch. */
  Stretch<Project> read(List<ProjectId> keys);

  /** The next execution counter, from 1; locks the project's row until the transaction ends. */
  int nextExecutionCounter(ProjectId id);

  /** Deleted before that time, oldest deletion first. */
  List<Project> deleted(Instant before, int limit);

  /** Removes the row, its repository, variables and aliases, and takes it from its teams. */
  void remove(ProjectId id);

  Optional<Repository> repository(ProjectId id);

  /** The next number for a repository. */
  int nextRepositoryId();

  /** Makes or replaces the project's repository. */
  void put(Repository repository);

  Rows<Repository> repositories(Scope scope, Slice slice);
}
