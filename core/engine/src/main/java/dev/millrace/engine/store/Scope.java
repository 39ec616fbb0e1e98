package dev.millrace.engine.store;

import dev.millrace.engine.domain.OwnerId;
import java.util.Set;

/** Which rows a query may see. Never null: the loops say {@link Everything}. */
public sealed interface Scope {
  /**
   * Rows of these owners, those of projects that were given to one of them, and shared rows where a
   * noun has such.
   */
  record Owners(Set<OwnerId> owners) implements Scope {
    public Owners {
      owners = Set.copyOf(owners);
    }
  }

  /** Every row: for the engine's loops and the installation's administrators. */
  record Everything() implements Scope {}
}
