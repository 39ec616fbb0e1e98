package dev.millrace.persistence;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.DatumStore;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Version;
import java.io.Serializable;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/**
 * Data and uploads on their way. Tags are kept twice: with the datum to be read, and in a table to
 * be found by.
 */
final class SqlData implements DatumStore {
  private static final String PENDING =
      "select p.id, p.execution_id, p.path, p.byte_count, p.store_id, p.store_key, p.created_at"
          + " from pending_upload p ";

  private static final Stretches ROWS =
      new Stretches(
          "Datum d", "d.id", "length(d.uri) + length(d.tags) + length(d.metadataJson)", "d");

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlData(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public boolean insert(Datum datum) {
    Row row = Row.of(datum);
    boolean inserted =
        jdbc.insert(
            "insert into datum (id, project_id, output_of, name, byte_count, md5, sha1, sha256,"
                + " store_id, store_key, uri, tags, metadata_json, created_at, file_created_at,"
                + " file_modified_at, purged_at, version)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row.id,
            row.projectId,
            row.outputOf,
            row.name,
            row.byteCount,
            row.md5,
            row.sha1,
            row.sha256,
            row.storeId,
            row.storeKey,
            row.uri,
            row.tags,
            row.metadataJson,
            row.createdAt,
            row.fileCreatedAt,
            row.fileModifiedAt,
            row.purgedAt,
            row.version);
    if (inserted) {
      insertTags(datum);
    }
    return inserted;
  }

  @Override
  public boolean update(Datum datum) {
    if (!table.update(Row.of(datum))) {
      return false;
    }
    jdbc.change("delete from datum_tag where datum_id = ?", datum.id().value());
    insertTags(datum);
    return true;
  }

  @Override
  public Optional<Datum> find(Scope scope, DatumId id) {
    return from(scope)
        .and("d.id = :id", "id", id.value())
        .first(Row.class, "d", "d.id")
        .map(Row::datum);
  }

  @Override
  public Rows<Datum> list(Scope scope, DatumFilter filter, Slice slice) {
    return from(scope)
        .and(filter.project(), "d.projectId = :project", "project", ProjectId::value)
        .and(filter.outputOf(), "d.outputOf = :execution", "execution", ExecutionId::value)
        .and(filter.name(), "d.name = :name", "name", name -> name)
        .and(filter.store(), "d.storeId = :store", "store", StoreId::value)
        .and(
            filter.tag(),
            "exists (select 1 from DatumTag t where t.datumId = d.id and t.tag = :tag)",
            "tag",
            tag -> tag)
        .rows(
            Row.class,
            "d",
            filter.newestFirst() ? "d.createdAt desc, d.id desc" : "d.createdAt, d.id",
            slice,
            Row::datum);
  }

  @Override
  public Keys<DatumId> keys(Scope scope, DatumFilter filter, Slice slice) {
    boolean narrowed =
        filter.project().isPresent()
            || filter.outputOf().isPresent()
            || filter.name().isPresent()
            || filter.store().isPresent()
            || filter.tag().isPresent();
    Keys<UUID> keys =
        new KeyQuery(session, "datum")
            .inProjects(scope, filter.project())
            .and(filter.outputOf(), "r.output_of = ?", ExecutionId::value)
            .and(filter.name(), "r.name = ?", name -> name)
            .and(filter.store(), "r.store_id = ?", StoreId::value)
            .and(
                filter.tag(),
                "exists (select 1 from datum_tag t where t.datum_id = r.id and t.tag = ?)",
                tag -> tag)
            .keys(
                filter.newestFirst() ? "r.created_at desc, r.id desc" : "r.created_at, r.id",
                slice,
                narrowed ? Optional.empty() : Optional.of("ix_datum_newest"));
    return new Keys<>(keys.keys().stream().map(DatumId::new).toList(), keys.total());
  }

  @Override
  public Stretch<Datum> read(List<DatumId> keys) {
    return ROWS.read(
        session, keys.stream().map(DatumId::value).toList(), Row.class, row -> row.id, Row::datum);
  }

  @Override
  public List<Datum> outputs(ExecutionId of, Optional<DatumId> after, int limit) {
    return new Hql(session, "from Datum d")
            .and("d.outputOf = :execution", "execution", of.value())
            .and(after, "d.id > :after", "after", DatumId::value)
            .list(Row.class, "d", "d.id", Slice.first(limit))
            .stream()
            .map(Row::datum)
            .toList();
  }

  @Override
  public void remove(DatumId id) {
    jdbc.change("delete from datum_tag where datum_id = ?", id.value());
    jdbc.change("delete from datum where id = ?", id.value());
  }

  @Override
  public boolean insert(PendingUpload upload) {
    return jdbc.insert(
        "insert into pending_upload (id, execution_id, path, byte_count, store_id, store_key,"
            + " created_at) values (?, ?, ?, ?, ?, ?, ?)",
        upload.id().value(),
        upload.execution().value(),
        upload.path(),
        upload.bytes(),
        upload.store().value(),
        upload.key(),
        upload.createdAt());
  }

  @Override
  public Optional<PendingUpload> pending(DatumId id) {
    return jdbc.first(SqlData::pending, PENDING + "where p.id = ?", id.value());
  }

  @Override
  public void removePending(DatumId id) {
    jdbc.change("delete from pending_upload where id = ?", id.value());
  }

  @Override
  public List<PendingUpload> stalePending(Instant before, int limit) {
    return jdbc.list(
        SqlData::pending,
        PENDING
            + "join execution e on e.id = p.execution_id"
            + " where e.settled_at < ?"
            + " order by p.created_at, p.id limit ?",
        before,
        limit);
  }

  private void insertTags(Datum datum) {
    List<@Nullable Object[]> tags =
        datum.tags().stream()
            .distinct()
            .map(tag -> new @Nullable Object[] {datum.id().value(), tag})
            .toList();
    jdbc.changeEach("insert into datum_tag (datum_id, tag) values (?, ?)", tags);
  }

  private Hql from(Scope scope) {
    return new Hql(session, "from Datum d").inProject(scope, "d.projectId");
  }

  private static PendingUpload pending(ResultSet row) throws SQLException {
    return new PendingUpload(
        new DatumId(Micros.uuid(row.getBytes(1))),
        new ExecutionId(Micros.uuid(row.getBytes(2))),
        row.getString(3),
        row.getLong(4),
        new StoreId(Micros.uuid(row.getBytes(5))),
        row.getString(6),
        Micros.time(row.getLong(7)));
  }

  /** A datum. */
  @NullUnmarked
  @Entity(name = "Datum")
  @jakarta.persistence.Table(name = "datum")
  static class Row {
    @Id UUID id;
    UUID projectId;
    UUID outputOf;
    String name;
    long byteCount;
    String md5;
    String sha1;
    String sha256;
    UUID storeId;
    String storeKey;
    String uri;
    String tags;
    String metadataJson;
    Instant createdAt;
    Instant fileCreatedAt;
    Instant fileModifiedAt;
    Instant purgedAt;
    @Version long version;

    static Row of(Datum datum) {
      Row row = new Row();
      row.id = datum.id().value();
      row.projectId = datum.project().value();
      row.outputOf = datum.outputOf().map(ExecutionId::value).orElse(null);
      row.name = datum.name();
      row.byteCount = datum.bytes();
      row.md5 = datum.md5().orElse(null);
      row.sha1 = datum.sha1().orElse(null);
      row.sha256 = datum.sha256().orElse(null);
      row.storeId = datum.store().value();
      row.storeKey = datum.key();
      row.uri = datum.uri();
      row.tags = Json.text(datum.tags());
      row.metadataJson = datum.metadata();
      row.createdAt = datum.createdAt();
      row.fileCreatedAt = datum.fileCreatedAt();
      row.fileModifiedAt = datum.fileModifiedAt();
      row.purgedAt = datum.purgedAt().orElse(null);
      row.version = datum.version();
      return row;
    }

    Datum datum() {
      return new Datum(
          new DatumId(id),
          new ProjectId(projectId),
          Optional.ofNullable(outputOf).map(ExecutionId::new),
          name,
          byteCount,
          Optional.ofNullable(md5),
          Optional.ofNullable(sha1),
          Optional.ofNullable(sha256),
          new StoreId(storeId),
          storeKey,
          uri,
          Json.texts(tags),
          metadataJson,
          createdAt,
          fileCreatedAt,
          fileModifiedAt,
          Optional.ofNullable(purgedAt),
          version);
    }
  }

  /** One tag of one datum. */
  @NullUnmarked
  @Entity(name = "DatumTag")
  @IdClass(TagRow.Key.class)
  @jakarta.persistence.Table(name = "datum_tag")
  static class TagRow {
    @Id UUID datumId;

    @Id
    @Column(name = "tag")
    String tag;

    /** What is unique. */
    record Key(UUID datumId, String tag) implements Serializable {}
  }
}
