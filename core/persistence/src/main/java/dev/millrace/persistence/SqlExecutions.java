package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.ExecutionStore;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.Nullable;

/** Executions. */
final class SqlExecutions implements ExecutionStore {
  /** The names of the statuses that are not terminal. */
  static final List<String> LIVE =
      Arrays.stream(ExecutionStatus.values())
          .filter(status -> !status.terminal())
          .map(ExecutionStatus::name)
          .toList();

  private static final String TERMINAL = "('COMPLETE', 'ERROR', 'STOPPED')";
  private static final String OLDEST = "e.createdAt, e.id";

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;
  private final SqlFacts facts;

  SqlExecutions(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
    this.facts = new SqlFacts(session);
  }

  @Override
  public void insert(Execution execution, Fact fact) {
    ExecutionRow row = ExecutionRow.of(execution);
    row.version = 1;
    table.insert(row);
    jdbc.change(
        "insert into execution_spec (execution_id, spec) values (?, ?)",
        execution.id().value(),
        SpecText.of(execution.spec()));
    facts.insert(fact, 1);
  }

  @Override
  public boolean update(Execution execution, Fact fact) {
    // What is read here is what the compare-and-set finds, or it finds another version and changes
    // nothing.
    Optional<ExecutionRow> stored =
        table
            .find(ExecutionRow.class, execution.id().value())
            .filter(row -> row.version == execution.version());
    if (stored.isEmpty()) {
      return false;
    }
    ExecutionRow row = ExecutionRow.of(execution);
    if (row.changesEndOf(stored.get()) || !table.update(row)) {
      return false;
    }
    facts.insert(fact, execution.version() + 1);
    return true;
  }

  @Override
  public void setWaiting(ExecutionId id, String waiting) {
    jdbc.change(
        "update execution set waiting = ? where id = ? and status in ('CREATED', 'QUEUED')"
            + " and (waiting is null or waiting <> ?)",
        waiting,
        id.value(),
        waiting);
  }

  @Override
  public boolean setStatusDetail(ExecutionId id, String detail) {
    return jdbc.change(
            "update execution set status_detail = ? where id = ? and status not in " + TERMINAL,
            detail,
            id.value())
        == 1;
  }

  @Override
  public Optional<Execution> find(Scope scope, ExecutionId id) {
    return one(from(scope).and("e.id = :id", "id", id.value()), OLDEST);
  }

  @Override
  public Optional<Execution> byCounter(Scope scope, ProjectId project, int counter) {
    return one(
        from(scope)
            .and("e.projectId = :project", "project", project.value())
            .and("e.counter = :counter", "counter", counter),
        OLDEST);
  }

  @Override
  public Optional<Execution> latest(Scope scope, ProjectId project) {
    return one(
        from(scope)
            .and("e.projectId = :project", "project", project.value())
            .and("e.deletedAt is null"),
        "e.counter desc");
  }

  @Override
  public Keys<ExecutionId> keys(Scope scope, ExecutionFilter filter, Slice slice) {
    return new ExecutionLists(session).keys(scope, filter, slice);
  }

  @Override
  public Stretch<Execution> read(List<ExecutionId> keys) {
    return new ExecutionLists(session).read(keys);
  }

  @Override
  public Map<ExecutionId, Integer> counters(Set<ExecutionId> ids) {
    return new ExecutionLists(session).counters(ids);
  }

  @Override
  public Map<ExecutionStatus, Long> summary(ProjectId project) {
    Map<ExecutionStatus, Long> counts = new EnumMap<>(ExecutionStatus.class);
    new Hql(session, "from Execution e")
        .and("e.projectId = :project", "project", project.value())
        .and("e.deletedAt is null")
        .groups("e.status, count(*)", "e.status")
        .forEach(row -> counts.put(ExecutionStatus.valueOf((String) row[0]), (Long) row[1]));
    return counts;
  }

  @Override
  public List<Execution> queued(EnvironmentId group, int limit) {
    return all(
        everything()
            .and("e.environmentId = :group", "group", group.value())
            .and("e.status = 'QUEUED' and e.leaseState is null and e.deletedAt is null"),
        "e.priority desc, e.queuedAt, e.createdAt, e.id",
        Slice.first(limit));
  }

  @Override
  public List<Execution> unfinished(Set<ExecutionStatus> statuses, Slice slice) {
    List<String> wanted = statuses.isEmpty() ? LIVE : names(statuses);
    return all(
        everything()
            .and(
                "e.status in :statuses",
                "statuses",
                wanted.stream().filter(LIVE::contains).toList()),
        OLDEST,
        slice);
  }

  @Override
  public Map<OwnerId, Long> running(EnvironmentId group) {
    Map<OwnerId, Long> counts = new LinkedHashMap<>();
    everything()
        .and("e.environmentId = :group", "group", group.value())
        .and(
            "((e.status in ('STARTED', 'STOPPING') and e.endedAt is null)"
                + " or (e.status = 'QUEUED' and e.leaseState is not null))")
        .groups("e.creatorId, count(*)", "e.creatorId")
        .forEach(row -> counts.put(new OwnerId((Integer) row[0]), (Long) row[1]));
    return counts;
  }

  @Override
  public List<Execution> leasedTo(WorkerId worker) {
    return all(
        everything().and("e.leaseWorkerId = :worker", "worker", worker.value()),
        OLDEST,
        Slice.first(Slice.MAX_LIMIT));
  }

  @Override
  public List<Execution> unsealed(int limit) {
    return all(
        everything().and("e.logStoreId is null and e.settledAt is not null"),
        "e.settledAt, e.id",
        Slice.first(limit));
  }

  @Override
  public boolean beat(ExecutionId id, String leaseTokenHash) {
    return jdbc.change(
            "update execution set beat = beat + 1"
                + " where id = ? and lease_state = ? and lease_token_hash = ?",
            id.value(),
            Lease.State.HELD.name(),
            leaseTokenHash)
        == 1;
  }

  @Override
  public long beat(ExecutionId id) {
    return jdbc.first(row -> row.getLong(1), "select beat from execution where id = ?", id.value())
        .orElse(0L);
  }

  @Override
  public Map<ExecutionId, Beat> beats() {
    Map<ExecutionId, Beat> beats = new LinkedHashMap<>();
    jdbc.list(
            row ->
                Map.entry(
                    new ExecutionId(Micros.uuid(row.getBytes(1))),
                    new Beat(row.getLong(2), row.getLong(3))),
            "select id, beat, case when silent_beat = beat then silent_millis else 0 end"
                + " from execution where lease_worker_id is not null"
                + " and status not in "
                + TERMINAL
                + " order by created_at, id")
        .forEach(entry -> beats.put(entry.getKey(), entry.getValue()));
    return beats;
  }

  @Override
  public void silent(Map<ExecutionId, Beat> leases) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    leases.forEach(
        (id, beat) ->
            rows.add(
                new Object[] {
                  beat.number(),
                  beat.silentMillis(),
                  id.value(),
                  beat.number(),
                  beat.number(),
                  beat.silentMillis()
                }));
    jdbc.changeEach(
        "update execution set silent_beat = ?, silent_millis = ? where id = ? and beat = ?"
            + " and (silent_beat is null or silent_beat <> ? or silent_millis < ?)",
        rows);
  }

  @Override
  public List<Execution> removable(Instant deletedBefore, Slice slice) {
    String sealed =
        " and e.settled_at is not null and e.log_store_id is not null"
            + " and not exists (select 1 from pending_upload u where u.execution_id = e.id)";
    return jdbc
        .list(
            row -> new ExecutionId(Micros.uuid(row.getBytes(1))),
            "select e.id, e.deleted_at as since from execution e where e.deleted_at < ?"
                + sealed
                + " union select e.id, p.deleted_at from project p"
                + " join execution e on e.project_id = p.id where p.deleted_at < ?"
                + " and e.deleted_at is null"
                + sealed
                + " order by since, id limit ? offset ?",
            deletedBefore,
            deletedBefore,
            slice.limit(),
            slice.offset())
        .stream()
        .flatMap(id -> find(new Scope.Everything(), id).stream())
        .toList();
  }

  @Override
  public void remove(ExecutionId id) {
    for (String kept :
        List.of("fact", "metadata_batch", "metadata_value", "pending_upload", "execution_spec")) {
      jdbc.change("delete from " + kept + " where execution_id = ?", id.value());
    }
    jdbc.change("update datum set output_of = null where output_of = ?", id.value());
    jdbc.change("delete from execution where id = ?", id.value());
  }

  @Override
  public OutputTotals addOutputs(ExecutionId id, long files, long bytes) {
    jdbc.change(
        "update execution set output_files = output_files + ?, output_bytes = output_bytes + ?"
            + " where id = ?",
        files,
        bytes,
        id.value());
    return jdbc.first(
            row -> new OutputTotals(row.getLong(1), row.getLong(2)),
            "select output_files, output_bytes from execution where id = ?",
            id.value())
        .orElse(new OutputTotals(0, 0));
  }

  @Override
  public void polled(ExecutionId id, Instant at) {
    jdbc.change("update execution set polled_at = ? where id = ?", at, id.value());
  }

  @Override
  public Optional<Instant> lastPolled(ExecutionId id) {
    return jdbc.first(
        row -> Micros.time(row.getLong(1)),
        "select polled_at from execution where id = ? and polled_at is not null",
        id.value());
  }

  private Hql from(Scope scope) {
    return everything().inProject(scope, "e.projectId");
  }

  private Hql everything() {
    return new Hql(session, "from Execution e");
  }

  private static Optional<Execution> one(Hql executions, String order) {
    return all(executions, order, Slice.first(1)).stream().findFirst();
  }

  private static List<Execution> all(Hql executions, String order, Slice slice) {
    return executions
        .fetching("join ExecutionSpec s on s.executionId = e.id")
        .list(Object[].class, "e, s.spec", order, slice)
        .stream()
        .map(SqlExecutions::execution)
        .toList();
  }

  private static Execution execution(Object[] row) {
    return ((ExecutionRow) row[0]).execution((String) row[1]);
  }

  private static List<String> names(Set<ExecutionStatus> statuses) {
    return statuses.stream().map(ExecutionStatus::name).sorted().toList();
  }
}
