package dev.millrace.persistence;

import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.WaitingStore;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.Nullable;

/** Executions that wait, read along their lines. */
final class SqlWaiting implements WaitingStore {
  private static final String QUEUED =
      " e.status = 'QUEUED' and e.lease_state is null and e.deleted_at is null";
  private static final String CREATED = " e.status = 'CREATED' and e.deleted_at is null";
  private static final String DIFFERS = " and (e.waiting is null or e.waiting <> ?)";

  private static final int STRETCH = 500;

  private final Jdbc jdbc;

  SqlWaiting(StatelessSession session) {
    this.jdbc = new Jdbc(session);
  }

  @Override
  public List<Head> heads(EnvironmentId group, Set<String> without, int ofEach, int limit) {
    List<@Nullable Object> values = new ArrayList<>();
    values.add(group.value());
    values.addAll(without);
    values.add(ofEach);
    values.add(limit);
    String others =
        without.isEmpty()
            ? ""
            : " and (e.store_set is null or e.store_set not in ("
                + String.join(", ", Collections.nCopies(without.size(), "?"))
                + "))";
    return jdbc.list(
        SqlWaiting::head,
        "select id, priority, creator_id, queued_at, store_set from ("
            + "select e.id, e.priority, e.creator_id, coalesce(e.queued_at, e.created_at)"
            + " as queued_at, e.store_set, row_number() over"
            + " (partition by e.creator_id, e.store_set"
            + " order by e.priority desc, e.queued_at, e.created_at, e.id) as place"
            + " from execution e where e.environment_id = ? and"
            + QUEUED
            + others
            + ") line where place <= ? order by priority desc, place, queued_at, id limit ?",
        values.toArray());
  }

  private static Head head(ResultSet row) throws SQLException {
    return new Head(
        new ExecutionId(Micros.uuid(row.getBytes(1))),
        row.getInt(2),
        new OwnerId(row.getInt(3)),
        Micros.time(row.getLong(4)),
        Optional.ofNullable(row.getString(5)));
  }

  @Override
  public long count(EnvironmentId group) {
    return jdbc.first(
            row -> row.getLong(1),
            "select count(*) from execution e where e.environment_id = ? and" + QUEUED,
            group.value())
        .orElse(0L);
  }

  @Override
  public void needs(ExecutionId id, String storeSet, Set<StoreId> stores) {
    for (StoreId store : stores) {
      boolean known =
          jdbc.first(
                  row -> true,
                  "select 1 from store_set where id = ? and store_id = ?",
                  storeSet,
                  store.value())
              .isPresent();
      if (!known) {
        jdbc.insert("insert into store_set (id, store_id) values (?, ?)", storeSet, store.value());
      }
    }
    jdbc.change("update execution set store_set = ? where id = ?", storeSet, id.value());
  }

  @Override
  public List<ExecutionId> unnoted(EnvironmentId group, int limit) {
    return jdbc.list(
        row -> new ExecutionId(Micros.uuid(row.getBytes(1))),
        "select e.id from execution e where e.environment_id = ? and"
            + QUEUED
            + " and e.store_set is null order by e.priority desc, e.queued_at, e.id limit ?",
        group.value(),
        limit);
  }

  @Override
  public Set<StoreId> storesOf(Set<DatumId> data) {
    Set<StoreId> stores = new LinkedHashSet<>();
    List<@Nullable Object> ids = new ArrayList<>();
    data.forEach(id -> ids.add(id.value()));
    for (int from = 0; from < ids.size(); from += STRETCH) {
      List<@Nullable Object> some = ids.subList(from, Math.min(ids.size(), from + STRETCH));
      stores.addAll(
          jdbc.list(
              row -> new StoreId(Micros.uuid(row.getBytes(1))),
              "select distinct store_id from datum where id in ("
                  + String.join(", ", Collections.nCopies(some.size(), "?"))
                  + ")",
              some.toArray()));
    }
    return stores;
  }

  @Override
  public Set<StoreId> stores(String storeSet) {
    return new LinkedHashSet<>(
        jdbc.list(
            row -> new StoreId(Micros.uuid(row.getBytes(1))),
            "select store_id from store_set where id = ? order by store_id",
            storeSet));
  }

  @Override
  public List<Kind> kinds(EnvironmentId group) {
    return jdbc.list(
        row -> new Kind(Optional.ofNullable(row.getString(1)), row.getInt(2) == 1),
        "select e.store_set, case when e.image_digest is null then 0 else 1 end as digest"
            + " from execution e where e.environment_id = ? and"
            + QUEUED
            + " group by e.store_set, case when e.image_digest is null then 0 else 1 end",
        group.value());
  }

  @Override
  public int explain(EnvironmentId group, Kind kind, String waiting, int limit) {
    List<@Nullable Object> values = new ArrayList<>();
    values.add(group.value());
    kind.storeSet().ifPresent(values::add);
    values.add(waiting);
    values.add(limit);
    return explain(
        jdbc.list(
            row -> Micros.uuid(row.getBytes(1)),
            "select e.id from execution e where e.environment_id = ? and"
                + QUEUED
                + (kind.storeSet().isPresent()
                    ? " and e.store_set = ?"
                    : " and e.store_set is null")
                + (kind.digest()
                    ? " and e.image_digest is not null"
                    : " and e.image_digest is null")
                + DIFFERS
                + " order by e.priority desc, e.queued_at, e.id limit ?",
            values.toArray()),
        waiting);
  }

  /** The condition stands here once more: a row may have gone on since it was selected. */
  private int explain(List<UUID> ids, String waiting) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    ids.forEach(id -> rows.add(new Object[] {waiting, id}));
    jdbc.changeEach(
        "update execution set waiting = ? where id = ? and status in ('CREATED', 'QUEUED')"
            + " and lease_state is null",
        rows);
    return ids.size();
  }

  @Override
  public List<Batch> batches(Optional<ProjectId> after, Set<Code> without, int ofEach, int limit) {
    List<@Nullable Object> values = new ArrayList<>();
    after.ifPresent(project -> values.add(project.value()));
    for (Code code : without) {
      values.add(code.commit().value());
      values.add(code.store().value());
    }
    String others =
        without.isEmpty()
            ? ""
            : " where b.commit_id is null or b.upload_store_id is null"
                + " or (b.commit_id, b.upload_store_id) not in ("
                + String.join(", ", Collections.nCopies(without.size(), "(?, ?)"))
                + ")";
    values.add(ofEach);
    values.add(limit);
    return jdbc.list(
        row ->
            new Batch(
                new EnvironmentId(Micros.uuid(row.getBytes(1))),
                new ProjectId(Micros.uuid(row.getBytes(2))),
                Optional.ofNullable(row.getBytes(3)).map(Micros::uuid).map(CommitId::new),
                Optional.ofNullable(row.getBytes(4)).map(Micros::uuid).map(StoreId::new)),
        "select environment_id, project_id, commit_id, upload_store_id from ("
            + "select b.*, row_number() over (partition by b.project_id, b.upload_store_id,"
            + " case when c.archive_key is null then 0 else 1 end"
            + " order by b.oldest, b.commit_id, b.environment_id) as place from ("
            + "select e.environment_id, e.project_id, e.commit_id, e.upload_store_id,"
            + " min(e.created_at) as oldest from execution e where"
            + CREATED
            + (after.isPresent() ? " and e.project_id > ?" : "")
            + " group by e.environment_id, e.project_id, e.commit_id, e.upload_store_id"
            + ") b left join code_commit c on c.id = b.commit_id"
            + others
            + ") batch where place <= ? order by project_id, place limit ?",
        values.toArray());
  }

  @Override
  public Set<CommitId> archived(Set<CommitId> commits) {
    Set<CommitId> archived = new LinkedHashSet<>();
    List<@Nullable Object> ids = new ArrayList<>();
    commits.forEach(id -> ids.add(id.value()));
    for (int from = 0; from < ids.size(); from += STRETCH) {
      List<@Nullable Object> some = ids.subList(from, Math.min(ids.size(), from + STRETCH));
      archived.addAll(
          jdbc.list(
              row -> new CommitId(Micros.uuid(row.getBytes(1))),
              "select id from code_commit where archive_key is not null and id in ("
                  + String.join(", ", Collections.nCopies(some.size(), "?"))
                  + ")",
              some.toArray()));
    }
    return archived;
  }

  @Override
  public List<ExecutionId> created(Batch batch, int limit) {
    List<@Nullable Object> values = of(batch);
    values.add(limit);
    return jdbc.list(
        row -> new ExecutionId(Micros.uuid(row.getBytes(1))),
        "select e.id from execution e where"
            + CREATED
            + in(batch)
            + " order by e.created_at, e.id limit ?",
        values.toArray());
  }

  @Override
  public void tell(ExecutionId id, CommitId commit, StoreId store) {
    jdbc.change(
        "update execution set commit_id = ?, upload_store_id = ? where id = ?",
        commit.value(),
        store.value(),
        id.value());
  }

  @Override
  public int explain(Batch batch, String waiting, int limit) {
    List<@Nullable Object> values = of(batch);
    values.add(waiting);
    values.add(limit);
    return explain(
        jdbc.list(
            row -> Micros.uuid(row.getBytes(1)),
            "select e.id from execution e where"
                + CREATED
                + in(batch)
                + DIFFERS
                + " order by e.created_at, e.id limit ?",
            values.toArray()),
        waiting);
  }

  private static List<@Nullable Object> of(Batch batch) {
    List<@Nullable Object> values = new ArrayList<>();
    values.add(batch.group().value());
    values.add(batch.project().value());
    batch.commit().ifPresent(commit -> values.add(commit.value()));
    batch.store().ifPresent(store -> values.add(store.value()));
    return values;
  }

  private static String in(Batch batch) {
    return " and e.environment_id = ? and e.project_id = ?"
        + (batch.commit().isPresent() ? " and e.commit_id = ?" : " and e.commit_id is null")
        + (batch.store().isPresent()
            ? " and e.upload_store_id = ?"
            : " and e.upload_store_id is null");
  }
}
