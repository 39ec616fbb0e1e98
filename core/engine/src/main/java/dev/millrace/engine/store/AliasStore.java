package dev.millrace.engine.store;

import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumAliasId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ProjectId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Names of files and where they pointed before; seen by whoever sees their project. */
public interface AliasStore {
  /** Moves that are kept of one alias; the oldest give way. */
  int MOVES_KEPT = 1_000;

  /** Throws {@link DuplicateRow} "name" if the project has an alias of that name. */
  void insert(DatumAlias alias, AliasMove first);

  /**
   * Stores the alias if the row still has its version, which is then raised, and the move with the
   * raised version; else false.
   */
  boolean update(DatumAlias alias, AliasMove move);

  /** With its moves. */
  void remove(DatumAliasId id);

  Optional<DatumAlias> find(Scope scope, DatumAliasId id);

  Optional<DatumAlias> byName(Scope scope, ProjectId project, String name);

  /** Newest first, by when they were made. */
  Rows<DatumAlias> list(
      Scope scope, Optional<ProjectId> project, Optional<String> name, Slice slice);

  /** The aliases of those files, by name. */
  Map<DatumId, List<String>> namesOf(Collection<DatumId> data);

  /** How many the project has. */
  long count(ProjectId project);

  /** Newest first. */
  Rows<AliasMove> moves(DatumAliasId id, Slice slice);
}
