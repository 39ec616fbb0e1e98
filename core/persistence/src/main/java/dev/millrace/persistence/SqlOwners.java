package dev.millrace.persistence;

import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.OwnerStore;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Users, organisations and teams in one table, because their names are unique among all. */
final class SqlOwners implements OwnerStore {
  private static final String USER = "user";
  private static final String ORGANIZATION = "organization";
  static final String TEAM = "team";

  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlOwners(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public OwnerId nextId() {
    return new OwnerId(
        jdbc.first(row -> row.getInt(1), "select next value for owner_ids").orElseThrow());
  }

  @Override
  public void insert(User user, Optional<String> passwordHash) {
    table.insert(Row.of(user));
    passwordHash.ifPresent(hash -> setPasswordHash(user.id(), hash));
  }

  @Override
  public void insert(Organization organization) {
    Row row = new Row();
    row.id = organization.id().value();
    row.kind = ORGANIZATION;
    row.name = organization.name();
    row.email = "";
    row.firstName = "";
    row.lastName = "";
    row.createdAt = organization.createdAt();
    row.version = organization.version();
    table.insert(row);
  }

  @Override
  public boolean update(User user) {
    return table.update(Row.of(user));
  }

  @Override
  public Optional<Owner> find(OwnerId id) {
    return table.find(Row.class, id.value()).map(Row::owner);
  }

  @Override
  public Optional<Owner> byName(String name) {
    return from().and("o.name = :name", "name", name).first(Row.class, "o", "o.id").map(Row::owner);
  }

  @Override
  public Optional<String> passwordHash(OwnerId user) {
    return jdbc.first(
            row -> Optional.ofNullable(row.getString(1)),
            "select password_hash from owner where id = ?",
            user.value())
        .flatMap(hash -> hash);
  }

  @Override
  public void setPasswordHash(OwnerId user, String hash) {
    jdbc.change("update owner set password_hash = ? where id = ?", hash, user.value());
  }

  @Override
  public Rows<User> users(Slice slice) {
    return from()
        .and("o.kind = :kind", "kind", USER)
        .rows(Row.class, "o", "o.name", slice, Row::user);
  }

  @Override
  public boolean anotherAdministrator(OwnerId than) {
    return from()
        .and("o.kind = :kind", "kind", USER)
        .and("o.administrator = true and o.disabled = false")
        .and("o.id <> :than", "than", than.value())
        .first(Row.class, "o", "o.id")
        .isPresent();
  }

  @Override
  public Rows<Organization> organizations(Scope scope, Slice slice) {
    return from()
        .and("o.kind = :kind", "kind", ORGANIZATION)
        .owned(scope, "o.id")
        .rows(Row.class, "o", "o.name", slice, Row::organization);
  }

  @Override
  public List<Membership> membershipsOf(OwnerId user) {
    return members("user_id", "organization_id", user);
  }

  @Override
  public List<Membership> membersOf(OwnerId organization) {
    return members("organization_id", "user_id", organization);
  }

  @Override
  public void put(Membership membership) {
    int organization = membership.organization().value();
    int user = membership.user().value();
    if (!jdbc.insert(
        "insert into membership (organization_id, user_id, administrator) values (?, ?, ?)",
        organization,
        user,
        membership.admin())) {
      jdbc.change(
          "update membership set administrator = ? where organization_id = ? and user_id = ?",
          membership.admin(),
          organization,
          user);
    }
  }

  @Override
  public boolean remove(OwnerId organization, OwnerId user) {
    return jdbc.change(
            "delete from membership where organization_id = ? and user_id = ?",
            organization.value(),
            user.value())
        == 1;
  }

  private List<Membership> members(String by, String order, OwnerId owner) {
    return jdbc.list(
        row ->
            new Membership(
                new OwnerId(row.getInt(1)), new OwnerId(row.getInt(2)), row.getBoolean(3)),
        "select organization_id, user_id, administrator from membership where "
            + by
            + " = ? order by "
            + order,
        owner.value());
  }

  private Hql from() {
    return new Hql(session, "from Owner o");
  }

  /** A user, organisation or team; a user's password is read and written apart. */
  @NullUnmarked
  @Entity(name = "Owner")
  @jakarta.persistence.Table(name = "owner")
  static class Row {
    @Id int id;

    @Column(updatable = false)
    String kind;

    String name;
    String email;
    String firstName;
    String lastName;
    boolean administrator;
    boolean disabled;

    @Column(updatable = false)
    Integer organizationId;

    Instant createdAt;
    @Version long version;

    static Row of(Team team) {
      Row row = new Row();
      row.id = team.id().value();
      row.kind = TEAM;
      row.name = team.name();
      row.email = "";
      row.firstName = "";
      row.lastName = "";
      row.disabled = team.deleted();
      row.organizationId = team.organization().value();
      row.createdAt = team.createdAt();
      row.version = team.version();
      return row;
    }

    static Row of(User user) {
      Row row = new Row();
      row.id = user.id().value();
      row.kind = USER;
      row.name = user.name();
      row.email = user.email();
      row.firstName = user.firstName();
      row.lastName = user.lastName();
      row.administrator = user.admin();
      row.disabled = user.disabled();
      row.createdAt = user.createdAt();
      row.version = user.version();
      return row;
    }

    Owner owner() {
      return switch (kind) {
        case USER -> user();
        case TEAM -> team();
        default -> organization();
      };
    }

    Team team() {
      return new Team(
          new OwnerId(id), new OwnerId(organizationId), name, disabled, createdAt, version);
    }

    User user() {
      return new User(
          new OwnerId(id),
          name,
          email,
          firstName,
          lastName,
          administrator,
          disabled,
          createdAt,
          version);
    }

    Organization organization() {
      return new Organization(new OwnerId(id), name, createdAt, version);
    }
  }
}
