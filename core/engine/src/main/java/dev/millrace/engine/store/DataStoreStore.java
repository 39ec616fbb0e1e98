package dev.millrace.engine.store;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.StoreId;
import java.util.Optional;

/** Data stores; shared ones are in every scope. */
public interface DataStoreStore {
  /** Throws {@link DuplicateRow} "name" if the owner has a store of that name. */
  void insert(DataStore store);

  /** Stores {@code store} if the row still has its version, which is then raised; else false. */
  boolean update(DataStore store);

  Optional<DataStore> find(Scope scope, StoreId id);

  Optional<DataStore> byName(Scope scope, String name);

  /** Oldest first. */
  Rows<DataStore> list(Scope scope, Slice slice);
}
