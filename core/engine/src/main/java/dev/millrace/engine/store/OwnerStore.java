package dev.millrace.engine.store;

import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.User;
import java.util.List;
import java.util.Optional;

/** Users, organisations and who belongs to which. */
public interface OwnerStore {
  /** The next number of the sequence that users, organisations and teams share. */
  OwnerId nextId();

  /** Throws {@link DuplicateRow} "name" if a user or organisation has that name. */
  void insert(User user, Optional<String> passwordHash);

  /** Throws {@link DuplicateRow} "name" if a user or organisation has that name. */
  void insert(Organization organization);

  /** Stores {@code user} if the row still has its version, which is then raised; else false. */
  boolean update(User user);

  Optional<Owner> find(OwnerId id);

  /** Names compare byte by byte. */
  Optional<Owner> byName(String name);

  Optional<String> passwordHash(OwnerId user);

  void setPasswordHash(OwnerId user, String hash);

  /** Users by name. */
  Rows<User> users(Slice slice);

  /** Whether a user other than that one is an administrator and not disabled. */
  boolean anotherAdministrator(OwnerId than);

  /** Organisations in the scope, by name. */
  Rows<Organization> organizations(Scope scope, Slice slice);

  List<Membership> membershipsOf(OwnerId user);

  List<Membership> membersOf(OwnerId organization);

  /** Makes or replaces the membership of that user. */
  void put(Membership membership);

  /** False if there was none. */
  boolean remove(OwnerId organization, OwnerId user);
}
