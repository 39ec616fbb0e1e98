package dev.millrace.engine.store;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.WantedNode;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Which machines are wanted. What exists is the provider's to say. */
public interface NodeStore {
  void insert(WantedNode node);

  /** Stores {@code node} if the row still has its version, which is then raised; else false. */
  boolean update(WantedNode node);

  Optional<WantedNode> find(String key);

  /** Not yet gone, oldest first; {@code group} narrows where present. */
  List<WantedNode> list(Optional<EnvironmentId> group, int limit);

  int purgeGone(Instant before, int limit);
}
