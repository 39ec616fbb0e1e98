package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Places for artifacts: what the actor may use. */
@Component(service = DataStores.class)
public final class DataStores {
  private final Database database;
  private final Access access;

  @Activate
  public DataStores(@Reference Database database, @Reference Access access) {
    this.database = database;
    this.access = access;
  }

  /** Shared stores and those of the actor's owners, oldest first. */
  public Rows<DataStore> list(Actor actor, Slice slice) {
    return database.list(
        session -> session.dataStores().list(access.scopeOf(session, actor), slice));
  }

  /** One of them. */
  public DataStore find(Actor actor, StoreId id) {
    return database.read(
        session ->
            session
                .dataStores()
                .find(access.scopeOf(session, actor), id)
                .orElseThrow(() -> new NotFound("Store")));
  }
}
