package dev.millrace.engine.store;

import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.ProjectId;
import java.util.List;
import java.util.Optional;

/** Commits; seen by whoever sees their project. */
public interface CommitStore {
  /** Throws {@link DuplicateRow} "identifier" if the project has that commit. */
  void insert(Commit commit);

  /** Replaces refs, description, config, yaml path and archive of the row with that id. */
  void update(Commit commit);

  /** Removes the row with its configuration. */
  void remove(CommitId id);

  Optional<Commit> find(Scope scope, CommitId id);

  Optional<Commit> byIdentifier(Scope scope, ProjectId project, String identifier);

  /** In any project of the scope, newest first. */
  List<Commit> byIdentifier(Scope scope, String identifier, int limit);

  /**
   * Newest commit time first; {@code project} and {@code adhoc} narrow where present. Configs are
   * left out.
   */
  Rows<Commit> list(Scope scope, Optional<ProjectId> project, Optional<Boolean> adhoc, Slice slice);

  /** Which commits that part of such a list has; found without reading them. */
  Keys<CommitId> keys(
      Scope scope, Optional<ProjectId> project, Optional<Boolean> adhoc, Slice slice);

  /** The first of those commits, as many as fit into one stretch; without their configurations. */
  Stretch<Commit> read(List<CommitId> keys);
}
