package dev.millrace.persistence;

import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.CommitStore;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Commits; their configs lie apart, so that lists do not read them. */
final class SqlCommits implements CommitStore {
  private static final String NEWEST = "c.commitTime desc, c.createdAt desc, c.id desc";

  private static final Stretches ROWS =
      new Stretches("CodeCommit c", "c.id", "length(c.refs) + length(c.description)", "c");

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlCommits(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(Commit commit) {
    table.insert(Row.of(commit));
    commit.config().ifPresent(config -> insertConfig(commit.id(), config));
  }

  @Override
  public void update(Commit commit) {
    if (!table.update(Row.of(commit))) {
      throw new IllegalArgumentException("no commit " + commit.id());
    }
    if (commit.config().isEmpty()) {
      jdbc.change("delete from code_config where commit_id = ?", commit.id().value());
      return;
    }
    String config = commit.config().get();
    int changed =
        jdbc.change(
            "update code_config set config = ? where commit_id = ?", config, commit.id().value());
    if (changed == 0) {
      insertConfig(commit.id(), config);
    }
  }

  @Override
  public void remove(CommitId id) {
    jdbc.change("delete from code_config where commit_id = ?", id.value());
    jdbc.change("delete from code_commit where id = ?", id.value());
  }

  @Override
  public Optional<Commit> find(Scope scope, CommitId id) {
    return withConfigs(from(scope).and("c.id = :id", "id", id.value()), 1).stream().findFirst();
  }

  @Override
  public Optional<Commit> byIdentifier(Scope scope, ProjectId project, String identifier) {
    return withConfigs(
            from(scope)
                .and("c.projectId = :project", "project", project.value())
                .and("c.identifier = :identifier", "identifier", identifier),
            1)
        .stream()
        .findFirst();
  }

  @Override
  public List<Commit> byIdentifier(Scope scope, String identifier, int limit) {
    return withConfigs(
        from(scope).and("c.identifier = :identifier", "identifier", identifier), limit);
  }

  @Override
  public Rows<Commit> list(
      Scope scope, Optional<ProjectId> project, Optional<Boolean> adhoc, Slice slice) {
    return some(scope, project, adhoc).rows(Row.class, "c", NEWEST, slice, row -> row.commit(null));
  }

  @Override
  public Keys<CommitId> keys(
      Scope scope, Optional<ProjectId> project, Optional<Boolean> adhoc, Slice slice) {
    Keys<UUID> keys = some(scope, project, adhoc).keys("c.id", NEWEST, slice);
    return new Keys<>(keys.keys().stream().map(CommitId::new).toList(), keys.total());
  }

  @Override
  public Stretch<Commit> read(List<CommitId> keys) {
    return ROWS.read(
        session,
        keys.stream().map(CommitId::value).toList(),
        Row.class,
        row -> row.id,
        row -> row.commit(null));
  }

  private Hql some(Scope scope, Optional<ProjectId> project, Optional<Boolean> adhoc) {
    return from(scope)
        .and(project, "c.projectId = :project", "project", ProjectId::value)
        .and(adhoc, "c.adhoc = :adhoc", "adhoc", a -> a);
  }

  private void insertConfig(CommitId id, String config) {
    jdbc.change("insert into code_config (commit_id, config) values (?, ?)", id.value(), config);
  }

  private static List<Commit> withConfigs(Hql commits, int limit) {
    return commits
        .fetching("left join CodeConfig g on g.commitId = c.id")
        .list(Object[].class, "c, g.config", NEWEST, Slice.first(limit))
        .stream()
        .map(row -> ((Row) row[0]).commit((String) row[1]))
        .toList();
  }

  private Hql from(Scope scope) {
    return new Hql(session, "from CodeCommit c").inProject(scope, "c.projectId");
  }

  /** A commit without its config. */
  @NullUnmarked
  @Entity(name = "CodeCommit")
  @jakarta.persistence.Table(name = "code_commit")
  static class Row {
    @Id UUID id;

    @Column(updatable = false)
    UUID projectId;

    @Column(updatable = false)
    String identifier;

    @Column(updatable = false)
    boolean adhoc;

    String refs;
    String description;

    @Column(updatable = false)
    Instant commitTime;

    @Column(updatable = false)
    Instant createdAt;

    String yamlPath;
    UUID archiveStoreId;
    String archiveKey;

    @Column(name = "archive_sha256")
    String archiveSha256;

    Long archiveBytes;
    String archiveFormat;

    static Row of(Commit commit) {
      Row row = new Row();
      row.id = commit.id().value();
      row.projectId = commit.project().value();
      row.identifier = commit.identifier();
      row.adhoc = commit.adhoc();
      row.refs = Json.text(commit.refs());
      row.description = commit.description();
      row.commitTime = commit.commitTime();
      row.createdAt = commit.createdAt();
      row.yamlPath = commit.yamlPath();
      row.archiveStoreId = commit.archive().map(a -> a.store().value()).orElse(null);
      row.archiveKey = commit.archive().map(CodeArchive::key).orElse(null);
      row.archiveSha256 = commit.archive().map(CodeArchive::sha256).orElse(null);
      row.archiveBytes = commit.archive().map(CodeArchive::bytes).orElse(null);
      row.archiveFormat = commit.archive().map(a -> a.format().name()).orElse(null);
      return row;
    }

    Commit commit(String config) {
      Optional<CodeArchive> archive =
          Optional.ofNullable(archiveStoreId)
              .map(
                  store ->
                      new CodeArchive(
                          new StoreId(store),
                          archiveKey,
                          archiveSha256,
                          archiveBytes,
                          CodeArchive.Format.valueOf(archiveFormat)));
      return new Commit(
          new CommitId(id),
          new ProjectId(projectId),
          identifier,
          adhoc,
          Json.texts(refs),
          description,
          commitTime,
          createdAt,
          yamlPath,
          Optional.ofNullable(config),
          archive);
    }
  }

  /** The text of a commit's configuration. */
  @NullUnmarked
  @Entity(name = "CodeConfig")
  @jakarta.persistence.Table(name = "code_config")
  static class ConfigRow {
    @Id UUID commitId;
    String config;
  }
}
