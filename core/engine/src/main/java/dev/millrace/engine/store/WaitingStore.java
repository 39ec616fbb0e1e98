package dev.millrace.engine.store;

import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Executions that wait, without their specs; for the loops. */
public interface WaitingStore {
  /**
   * An execution that waits for a slot.
   *
   * @param storeSet names the stores that it needs; empty until {@link #needs} has told
   */
  record Head(
      ExecutionId id, int priority, OwnerId creator, Instant queuedAt, Optional<String> storeSet) {}

  /**
   * The first of each line of the group, where a line has one creator and one set of stores:
   * highest priority first, then oldest queue time. So a long line hides no other.
   *
   * @param without sets of stores whose lines are left out
   * @param ofEach how many of each line
   * @param limit how many in all; of one priority the firsts of all lines come before the seconds
   */
  List<Head> heads(EnvironmentId group, Set<String> without, int ofEach, int limit);

  /** How many of the group wait to be claimed. */
  long count(EnvironmentId group);

  /** Notes which stores a waiting execution needs, without a fact or a new version. */
  void needs(ExecutionId id, String storeSet, Set<StoreId> stores);

  /** Some of the group of which nobody has noted the stores. */
  List<ExecutionId> unnoted(EnvironmentId group, int limit);

  /** Where these data lie; what was removed is left out. */
  Set<StoreId> storesOf(Set<DatumId> data);

  /** The stores of a set; empty for a set that nobody needs. */
  Set<StoreId> stores(String storeSet);

  /**
   * Those of a group that wait for the same things.
   *
   * @param digest whether the digest of their image is known
   */
  record Kind(Optional<String> storeSet, boolean digest) {}

  /** What waits in the group, by kind. */
  List<Kind> kinds(EnvironmentId group);

  /**
   * Stores the waiting reason of those that have another, at most {@code limit}, first come first;
   * returns how many.
   */
  int explain(EnvironmentId group, Kind kind, String waiting, int limit);

  /**
   * New executions of one commit, whose code has to be in that store before they may start. Rows of
   * an older master have neither until {@link #tell} has told.
   */
  record Batch(
      EnvironmentId group, ProjectId project, Optional<CommitId> commit, Optional<StoreId> store) {
    /** What it needs packed; empty for a row of an older master. */
    public Optional<Code> code() {
      return commit.flatMap(c -> store.map(s -> new Code(project, c, s)));
    }
  }

  /** The code of a commit that has to be in a store. */
  record Code(ProjectId project, CommitId commit, StoreId store) {}

  /**
   * The new executions by batch, oldest first, at most {@code ofEach} of each project and store
   * whose code is in a store, and as many whose code is not.
   *
   * @param after leaves out projects up to this one; empty for none
   * @param without leaves out the batches of these
   */
  List<Batch> batches(Optional<ProjectId> after, Set<Code> without, int ofEach, int limit);

  /** Which of the commits have their code in a store. */
  Set<CommitId> archived(Set<CommitId> commits);

  /** The oldest of a batch. */
  List<ExecutionId> created(Batch batch, int limit);

  /** Stores commit and store of a row of an older master. */
  void tell(ExecutionId id, CommitId commit, StoreId store);

  /** Like {@link #explain(EnvironmentId, Kind, String, int)}, for new executions. */
  int explain(Batch batch, String waiting, int limit);
}
