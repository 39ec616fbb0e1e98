package dev.millrace.persistence;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.store.EnvironmentStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Environments. */
final class SqlEnvironments implements EnvironmentStore {
  private final StatelessSession session;
  private final Table table;

  SqlEnvironments(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
  }

  @Override
  public void insert(Environment environment) {
    table.insert(Row.of(environment));
  }

  @Override
  public boolean update(Environment environment) {
    return table.update(Row.of(environment));
  }

  @Override
  public Optional<Environment> find(Scope scope, EnvironmentId id) {
    return from(scope)
        .and("e.id = :id", "id", id.value())
        .first(Row.class, "e", "e.id")
        .map(Row::environment);
  }

  @Override
  public Optional<Environment> bySlug(Scope scope, String slug) {
    return from(scope)
        .and("e.slug = :slug", "slug", slug)
        .first(Row.class, "e", "e.id")
        .map(Row::environment);
  }

  @Override
  public Rows<Environment> list(Scope scope, Slice slice) {
    return from(scope).rows(Row.class, "e", "e.name, e.slug", slice, Row::environment);
  }

  @Override
  public Map<EnvironmentId, Long> unfinished() {
    Map<EnvironmentId, Long> counts = new LinkedHashMap<>();
    new Hql(session, "from Execution x")
        .and("x.status in :statuses", "statuses", SqlExecutions.LIVE)
        .and("x.endedAt is null and x.deletedAt is null")
        .groups("x.environmentId, count(*)", "x.environmentId")
        .forEach(row -> counts.put(new EnvironmentId((UUID) row[0]), (Long) row[1]));
    return counts;
  }

  private Hql from(Scope scope) {
    return new Hql(session, "from Environment e").ownedOrShared(scope, "e.ownerId");
  }

  /** An environment. */
  @NullUnmarked
  @Entity(name = "Environment")
  @jakarta.persistence.Table(name = "environment")
  static class Row {
    @Id UUID id;
    String slug;
    String name;
    int ownerId;
    String description;
    boolean enabled;
    String provider;
    String machineType;
    int slots;
    int scaleMin;
    int scaleMax;
    int scaleDownGraceMinutes;
    String runtime;
    String perHourPriceUsd;
    String allowedMounts;
    Instant createdAt;
    Instant modifiedAt;
    @Version long version;

    static Row of(Environment environment) {
      Row row = new Row();
      row.id = environment.id().value();
      row.slug = environment.slug();
      row.name = environment.name();
      row.ownerId = environment.owner().map(OwnerId::value).orElse(Hql.SHARED);
      row.description = environment.description();
      row.enabled = environment.enabled();
      row.provider = environment.provider().orElse(null);
      row.machineType = environment.machineType();
      row.slots = environment.slots();
      row.scaleMin = environment.scaleMin();
      row.scaleMax = environment.scaleMax();
      row.scaleDownGraceMinutes = environment.scaleDownGraceMinutes();
      row.runtime = environment.runtime().name();
      row.perHourPriceUsd =
          environment.perHourPriceUsd().map(BigDecimal::toPlainString).orElse(null);
      row.allowedMounts = Json.text(environment.allowedMounts());
      row.createdAt = environment.createdAt();
      row.modifiedAt = environment.modifiedAt();
      row.version = environment.version();
      return row;
    }

    Environment environment() {
      return new Environment(
          new EnvironmentId(id),
          slug,
          name,
          ownerId == Hql.SHARED ? Optional.empty() : Optional.of(new OwnerId(ownerId)),
          description,
          enabled,
          Optional.ofNullable(provider),
          machineType,
          slots,
          scaleMin,
          scaleMax,
          scaleDownGraceMinutes,
          Environment.Runtime.valueOf(runtime),
          Optional.ofNullable(perHourPriceUsd).map(BigDecimal::new),
          allowedMounts == null ? List.of() : Json.texts(allowedMounts),
          createdAt,
          modifiedAt,
          version);
    }
  }
}
