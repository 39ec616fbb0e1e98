package dev.millrace.engine.store;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.WantedNode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which machines are wanted. What exists is the provider's to say. */
public interface NodeStore {
  void insert(WantedNode node);

  /** Stores {@code node} if the row still has its version, which is then raised; else false. */
  boolean update(WantedNode node);

  Optional<WantedNode> find(String key);

  /** Not yet gone, oldest first; {@code group} narrows where present. */
  List<WantedNode> list(Optional<EnvironmentId> group, int limit);

  /**
   * What the workers of a machine have.
   *
   * @param runs leases, those of runs that still upload too
   * @param running those that hold a slot
   */
  record Load(int runs, int running) {}

  /** By key, those machines of the group that have anything. */
  Map<String, Load> loads(EnvironmentId group);

  /** The beats of the workers that have joined, by the key of their machine. */
  Map<String, Long> beats();

  int purgeGone(Instant before, int limit);
}
