package dev.millrace.persistence;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.DataStoreStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Data stores. */
final class SqlDataStores implements DataStoreStore {
  private final StatelessSession session;
  private final Table table;

  SqlDataStores(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
  }

  @Override
  public void insert(DataStore store) {
    table.insert(Row.of(store));
  }

  @Override
  public boolean update(DataStore store) {
    return table.update(Row.of(store));
  }

  @Override
  public Optional<DataStore> find(Scope scope, StoreId id) {
    return from(scope)
        .and("s.id = :id", "id", id.value())
        .first(Row.class, "s", "s.id")
        .map(Row::store);
  }

  @Override
  public Optional<DataStore> byName(Scope scope, String name) {
    return from(scope)
        .and("s.name = :name", "name", name)
        .first(Row.class, "s", "s.ownerId desc, s.id")
        .map(Row::store);
  }

  @Override
  public Rows<DataStore> list(Scope scope, Slice slice) {
    return from(scope).rows(Row.class, "s", "s.createdAt, s.id", slice, Row::store);
  }

  private Hql from(Scope scope) {
    return new Hql(session, "from DataStore s").ownedOrShared(scope, "s.ownerId");
  }

  /** A data store. */
  @NullUnmarked
  @Entity(name = "DataStore")
  @jakarta.persistence.Table(name = "data_store")
  static class Row {
    @Id UUID id;
    String name;
    int ownerId;
    String pluginName;
    String storeType;
    String uriPrefix;
    Instant createdAt;
    Instant modifiedAt;
    @Version long version;

    static Row of(DataStore store) {
      Row row = new Row();
      row.id = store.id().value();
      row.name = store.name();
      row.ownerId = store.owner().map(OwnerId::value).orElse(Hql.SHARED);
      row.pluginName = store.plugin();
      row.storeType = store.type();
      row.uriPrefix = store.uriPrefix();
      row.createdAt = store.createdAt();
      row.modifiedAt = store.modifiedAt();
      row.version = store.version();
      return row;
    }

    DataStore store() {
      return new DataStore(
          new StoreId(id),
          name,
          ownerId == Hql.SHARED ? Optional.empty() : Optional.of(new OwnerId(ownerId)),
          pluginName,
          storeType,
          uriPrefix,
          createdAt,
          modifiedAt,
          version);
    }
  }
}
