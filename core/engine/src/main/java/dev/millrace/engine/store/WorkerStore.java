package dev.millrace.engine.store;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Registered workers. */
public interface WorkerStore {
  void insert(Worker worker);

  /**
   * Stores {@code worker} if the row still has its version, which is then raised; leaves its beat;
   * else false.
   */
  boolean update(Worker worker);

  Optional<Worker> find(WorkerId id);

  /** A removed worker is found too: its {@code removedAt} says so. */
  Optional<Worker> byCredentialHash(String hash);

  /** Not removed, oldest first; {@code group} narrows where present. */
  List<Worker> list(Optional<EnvironmentId> group, int limit);

  /** How many the group has that are not removed. */
  long count(EnvironmentId group);

  /**
   * Forgets workers that were removed before that time and hold no execution, at most {@code
   * limit}.
   */
  int purgeRemoved(Instant before, int limit);

  /** Raises the beat and stamps the time seen. Leaves the version. */
  void beat(WorkerId id, Instant at);
}
