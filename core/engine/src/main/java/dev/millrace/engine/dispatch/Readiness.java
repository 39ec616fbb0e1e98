package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Whether every store that a run will need is there. */
@Component(service = Readiness.class, immediate = true)
public final class Readiness {
  private final Database database;
  private final Blobs blobs;

  @Activate
  public Readiness(@Reference Database database, @Reference Blobs blobs) {
    this.database = database;
    this.blobs = blobs;
  }

  /** Why the execution cannot start now, in words for users; empty if it can. */
  Optional<String> missing(Execution execution) {
    List<Optional<DataStore>> stores = database.read(s -> stores(s, execution));
    for (Optional<DataStore> store : stores) {
      if (store.isEmpty()) {
        return Optional.of("A data store that it needs is not configured any more.");
      }
      Optional<String> missing = blobs.missing(store.get());
      if (missing.isPresent()) {
        return missing;
      }
    }
    return Optional.empty();
  }

  private static List<Optional<DataStore>> stores(Session session, Execution execution) {
    Set<StoreId> ids = new LinkedHashSet<>();
    ids.add(execution.spec().uploadStore());
    session
        .commits()
        .find(Leases.EVERYTHING, execution.spec().commit())
        .flatMap(Commit::archive)
        .map(CodeArchive::store)
        .ifPresent(ids::add);
    for (ExecutionInput input : execution.spec().inputs()) {
      for (InputFile file : input.files()) {
        file.datum()
            .flatMap(id -> session.data().find(Leases.EVERYTHING, id))
            .map(Datum::store)
            .ifPresent(ids::add);
      }
    }
    List<Optional<DataStore>> stores = new ArrayList<>();
    ids.forEach(id -> stores.add(session.dataStores().find(Leases.EVERYTHING, id)));
    return stores;
  }
}
