package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.WorkerStore;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Registered workers. */
final class SqlWorkers implements WorkerStore {
  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlWorkers(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(Worker worker) {
    table.insert(Row.of(worker));
  }

  @Override
  public boolean update(Worker worker) {
    return table.update(Row.of(worker));
  }

  @Override
  public Optional<Worker> find(WorkerId id) {
    return table.find(Row.class, id.value()).map(Row::worker);
  }

  @Override
  public Optional<Worker> byCredentialHash(String hash) {
    return new Hql(session, "from Worker w")
        .and("w.credentialHash = :hash", "hash", hash)
        .first(Row.class, "w", "w.id")
        .map(Row::worker);
  }

  @Override
  public List<Worker> list(Optional<EnvironmentId> group, int limit) {
    return new Hql(session, "from Worker w")
            .and("w.removedAt is null")
            .and(group, "w.groupId = :group", "group", EnvironmentId::value)
            .list(Row.class, "w", "w.registeredAt, w.id", Slice.first(limit))
            .stream()
            .map(Row::worker)
            .toList();
  }

  @Override
  public long count(EnvironmentId group) {
    return jdbc.first(
            row -> row.getLong(1),
            "select count(*) from worker where group_id = ? and removed_at is null",
            group.value())
        .orElse(0L);
  }

  @Override
  public int purgeRemoved(Instant before, int limit) {
    return jdbc.change(
        "delete from worker where removed_at < ?"
            + " and not exists (select 1 from execution e where e.lease_worker_id = worker.id)"
            + " limit ?",
        before,
        limit);
  }

  @Override
  public void beat(WorkerId id, Instant at) {
    jdbc.change("update worker set beat = beat + 1, last_seen_at = ? where id = ?", at, id.value());
  }

  /** A worker. */
  @NullUnmarked
  @Entity(name = "Worker")
  @jakarta.persistence.Table(name = "worker")
  static class Row {
    @Id UUID id;
    UUID groupId;
    String name;
    String credentialHash;
    String nonce;
    String nodeKey;
    String workerRelease;
    String os;
    String arch;
    int slots;
    double cpus;

    @Column(name = "memory_mib")
    long memoryMiB;

    String gpus;
    String runtimes;
    boolean draining;
    String paused;
    String trouble;
    Instant registeredAt;

    @Column(updatable = false)
    Instant lastSeenAt;

    Instant removedAt;

    @Column(updatable = false)
    long beat;

    @Version long version;

    static Row of(Worker worker) {
      Row row = new Row();
      row.id = worker.id().value();
      row.groupId = worker.group().value();
      row.name = worker.name();
      row.credentialHash = worker.credentialHash();
      row.nonce = worker.nonce();
      row.nodeKey = worker.nodeKey().orElse(null);
      row.workerRelease = worker.release();
      row.os = worker.os();
      row.arch = worker.arch();
      row.slots = worker.slots();
      row.cpus = worker.cpus();
      row.memoryMiB = worker.memoryMiB();
      row.gpus = Json.text(worker.gpus());
      row.runtimes = Json.text(worker.runtimes());
      row.draining = worker.draining();
      row.paused = worker.paused().orElse(null);
      row.trouble = worker.trouble().orElse(null);
      row.registeredAt = worker.registeredAt();
      row.lastSeenAt = worker.lastSeenAt();
      row.removedAt = worker.removedAt().orElse(null);
      row.beat = worker.beat();
      row.version = worker.version();
      return row;
    }

    Worker worker() {
      return new Worker(
          new WorkerId(id),
          new EnvironmentId(groupId),
          name,
          credentialHash,
          nonce,
          Optional.ofNullable(nodeKey),
          workerRelease,
          os,
          arch,
          slots,
          cpus,
          memoryMiB,
          Json.texts(gpus),
          Json.texts(runtimes),
          draining,
          Optional.ofNullable(paused),
          Optional.ofNullable(trouble),
          registeredAt,
          lastSeenAt,
          Optional.ofNullable(removedAt),
          beat,
          version);
    }
  }
}
