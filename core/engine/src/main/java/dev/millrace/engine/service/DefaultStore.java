package dev.millrace.engine.service;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.util.Optional;

/** Where a project's files go when nothing else is said. */
final class DefaultStore {
  private static final int STORES = 1_000;

  private DefaultStore() {}

  /** The project's store, else the oldest one that belongs to the whole installation. */
  static Optional<DataStore> of(Session session, Project project) {
    Scope all = new Scope.Everything();
    return project
        .uploadStore()
        .flatMap(id -> session.dataStores().find(all, id))
        .or(
            () ->
                session.dataStores().list(all, Slice.first(STORES)).items().stream()
                    .filter(store -> store.owner().isEmpty())
                    .findFirst());
  }
}
