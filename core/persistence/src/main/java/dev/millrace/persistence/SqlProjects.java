package dev.millrace.persistence;

import dev.millrace.engine.domain.DeployKey;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.RepositoryLogin;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.ProjectStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/** Projects and their repositories. */
final class SqlProjects implements ProjectStore {
  private static final String BY_NAME = "p.name, p.createdAt desc, p.id desc";
  private static final Stretches ROWS =
      new Stretches("Project p", "p.id", "length(p.description)", "p");

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlProjects(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(Project project) {
    table.insert(Row.of(project));
  }

  @Override
  public boolean update(Project project) {
    return table.update(Row.of(project));
  }

  @Override
  public Optional<Project> find(Scope scope, ProjectId id) {
    return living(scope)
        .and("p.id = :id", "id", id.value())
        .first(Row.class, "p", "p.id")
        .map(Row::project);
  }

  @Override
  public Rows<Project> list(Scope scope, Slice slice) {
    return living(scope).rows(Row.class, "p", BY_NAME, slice, Row::project);
  }

  @Override
  public Keys<ProjectId> keys(Scope scope, Slice slice) {
    Keys<UUID> keys = living(scope).and("p.deletedAt is null").keys("p.id", BY_NAME, slice);
    return new Keys<>(keys.keys().stream().map(ProjectId::new).toList(), keys.total());
  }

  @Override
  public Stretch<Project> read(List<ProjectId> keys) {
    return ROWS.read(
        session,
        keys.stream().map(ProjectId::value).toList(),
        Row.class,
        row -> row.id,
        Row::project);
  }

  @Override
  public int nextExecutionCounter(ProjectId id) {
    jdbc.change(
        "update project set execution_counter = execution_counter + 1 where id = ?", id.value());
    return jdbc.first(
            row -> row.getInt(1), "select execution_counter from project where id = ?", id.value())
        .orElseThrow(() -> new IllegalArgumentException("no project " + id));
  }

  @Override
  public List<Project> deleted(Instant before, int limit) {
    return new Hql(session, "from Project p")
            .and("p.deletedAt < :before", "before", before)
            .list(Row.class, "p", "p.deletedAt, p.id", Slice.first(limit))
            .stream()
            .map(Row::project)
            .toList();
  }

  @Override
  public void remove(ProjectId id) {
    jdbc.change(
        "delete from datum_alias_move where alias_id in"
            + " (select a.id from datum_alias a where a.project_id = ?)",
        id.value());
    for (String kept : List.of("datum_alias", "team_project", "repository")) {
      jdbc.change("delete from " + kept + " where project_id = ?", id.value());
    }
    jdbc.change("delete from environment_variable where holder_id = ?", id.value());
    jdbc.change("delete from project where id = ?", id.value());
  }

  @Override
  public Optional<Repository> repository(ProjectId id) {
    return table.find(RepositoryRow.class, id.value()).map(RepositoryRow::repository);
  }

  @Override
  public int nextRepositoryId() {
    return jdbc.first(row -> row.getInt(1), "select next value for repository_ids").orElseThrow();
  }

  @Override
  public void put(Repository repository) {
    RepositoryLogin login = repository.login();
    @Nullable Object[] values = {
      repository.id(),
      repository.url(),
      Json.text(repository.refs()),
      login.username(),
      login.password().map(Sealed::text).orElse(null),
      login.hostKeys(),
      login.key().map(DeployKey::publicKey).orElse(null),
      login.key().map(k -> k.privateKey().text()).orElse(null),
      repository.version(),
      repository.project().value()
    };
    int changed =
        jdbc.change(
            "update repository set id = ?, url = ?, refs = ?, username = ?, password_sealed = ?,"
                + " host_keys = ?, public_key = ?, private_key_sealed = ?, version = ?"
                + " where project_id = ?",
            values);
    if (changed == 0) {
      jdbc.change(
          "insert into repository (id, url, refs, username, password_sealed, host_keys,"
              + " public_key, private_key_sealed, version, project_id)"
              + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          values);
    }
  }

  @Override
  public Rows<Repository> repositories(Scope scope, Slice slice) {
    return new Hql(session, "from Repository r")
        .inProject(scope, "r.projectId")
        .rows(RepositoryRow.class, "r", "r.id", slice, RepositoryRow::repository);
  }

  private Hql living(Scope scope) {
    Hql projects = new Hql(session, "from Project p");
    return scope instanceof Scope.Owners some ? projects.livingProject(some, "p") : projects;
  }

  /** A project; its execution counter is read and written apart. */
  @NullUnmarked
  @Entity(name = "Project")
  @jakarta.persistence.Table(name = "project")
  static class Row {
    @Id UUID id;
    int ownerId;
    String name;
    String livingName;
    String description;
    String yamlPath;
    UUID uploadStoreId;
    UUID defaultEnvironmentId;
    Instant createdAt;
    Instant modifiedAt;
    Instant deletedAt;
    @Version long version;

    static Row of(Project project) {
      Row row = new Row();
      row.id = project.id().value();
      row.ownerId = project.owner().value();
      row.name = project.name();
      row.livingName = project.deletedAt().isPresent() ? null : project.name();
      row.description = project.description();
      row.yamlPath = project.yamlPath();
      row.uploadStoreId = project.uploadStore().map(StoreId::value).orElse(null);
      row.defaultEnvironmentId =
          project.defaultEnvironment().map(EnvironmentId::value).orElse(null);
      row.createdAt = project.createdAt();
      row.modifiedAt = project.modifiedAt();
      row.deletedAt = project.deletedAt().orElse(null);
      row.version = project.version();
      return row;
    }

    Project project() {
      return new Project(
          new ProjectId(id),
          new OwnerId(ownerId),
          name,
          description,
          yamlPath,
          Optional.ofNullable(uploadStoreId).map(StoreId::new),
          Optional.ofNullable(defaultEnvironmentId).map(EnvironmentId::new),
          createdAt,
          modifiedAt,
          Optional.ofNullable(deletedAt),
          version);
    }
  }

  /** A project's repository. */
  @NullUnmarked
  @Entity(name = "Repository")
  @jakarta.persistence.Table(name = "repository")
  static class RepositoryRow {
    @Id UUID projectId;
    int id;
    String url;
    String refs;
    String username;
    String passwordSealed;
    String hostKeys;
    String publicKey;
    String privateKeySealed;
    long version;

    Repository repository() {
      return new Repository(id, new ProjectId(projectId), url, Json.texts(refs), login(), version);
    }

    private RepositoryLogin login() {
      return new RepositoryLogin(
          username == null ? "" : username,
          Optional.ofNullable(passwordSealed).map(Sealed::new),
          hostKeys == null ? "" : hostKeys,
          publicKey == null || privateKeySealed == null
              ? Optional.empty()
              : Optional.of(new DeployKey(publicKey, new Sealed(privateKeySealed))));
    }
  }
}
