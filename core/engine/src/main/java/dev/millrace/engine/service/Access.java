package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Decides who may see and do what; nobody else does. A user has their own rows and those of the
 * organisations that they belong to; an administrator of the installation has every row; the
 * engine's loops too. Workers and runs see no rows by ownership: what they may ask is checked
 * against their own lease and execution. Teams, roles and quotas will widen this class and touch
 * nothing else.
 */
@Component(service = Access.class)
public final class Access {
  @Activate
  public Access() {}

  /** Which rows the actor may see. */
  public Scope scopeOf(Session session, Actor actor) {
    if (actor instanceof Actor.Engine) {
      return new Scope.Everything();
    }
    if (actor instanceof Actor.Person person) {
      return person.user().admin()
          ? new Scope.Everything()
          : new Scope.Owners(ownersOf(session, person.user()));
    }
    return new Scope.Owners(Set.of());
  }

  /** The user who acts; throws {@link Denied} for anything but a person. */
  public User requirePerson(Actor actor) {
    if (actor instanceof Actor.Person person) {
      return person.user();
    }
    throw new Denied("Only a user may do that");
  }

  /** Throws {@link Denied} unless the actor administers the installation. */
  public void requireAdmin(Actor actor) {
    if (!administersInstallation(actor)) {
      throw new Denied("Only an administrator of this installation may do that");
    }
  }

  /** Whether the actor administers the installation; true for the engine itself. */
  public boolean administersInstallation(Actor actor) {
    return actor instanceof Actor.Engine
        || (actor instanceof Actor.Person person && person.user().admin());
  }

  /**
   * Whether the actor may change rows of that owner: the owner, a member of it, or an
   * administrator.
   */
  public boolean mayWrite(Session session, Actor actor, OwnerId owner) {
    return scopeOf(session, actor) instanceof Scope.Owners some
        ? some.owners().contains(owner)
        : true;
  }

  /** Throws {@link Denied} unless the actor may change rows of that owner. */
  public void requireWrite(Session session, Actor actor, OwnerId owner) {
    if (!mayWrite(session, actor, owner)) {
      throw new Denied("You may not change what belongs to this owner");
    }
  }

  /**
   * Throws {@link Denied} unless the actor is that user, administers that organisation, or the
   * installation.
   */
  public void requireAdministration(Session session, Actor actor, OwnerId owner) {
    if (administersInstallation(actor)) {
      return;
    }
    User user = requirePerson(actor);
    boolean administers =
        user.id().equals(owner)
            || session.owners().membershipsOf(user.id()).stream()
                .anyMatch(m -> m.organization().equals(owner) && m.admin());
    if (!administers) {
      throw new Denied("Only an administrator of this organisation may do that");
    }
  }

  /**
   * Whether the actor may know that the owner exists: itself, its organisations, and those who
   * share one.
   */
  public boolean maySee(Session session, Actor actor, Owner owner) {
    if (administersInstallation(actor)) {
      return true;
    }
    if (!(actor instanceof Actor.Person person)) {
      return false;
    }
    Set<OwnerId> mine = ownersOf(session, person.user());
    return mine.contains(owner.id())
        || (owner instanceof User
            && session.owners().membershipsOf(owner.id()).stream()
                .map(Membership::organization)
                .anyMatch(mine::contains));
  }

  /**
   * The owner that a request names; the acting user where it names none. Throws {@link Invalid} on
   * {@code field} where there is no such owner or the actor may not own things through it.
   */
  public Owner ownerFor(Session session, Actor actor, Optional<String> name, String field) {
    if (name.isEmpty()) {
      return requirePerson(actor);
    }
    return session
        .owners()
        .byName(name.get())
        .filter(o -> mayWrite(session, actor, o.id()))
        .orElseThrow(
            () ->
                Invalid.field(
                    field,
                    "There is no owner \""
                        + name.get()
                        + "\" that you may use; name yourself or one of your organisations",
                    "does_not_exist"));
  }

  private static Set<OwnerId> ownersOf(Session session, User user) {
    Set<OwnerId> owners = new HashSet<>();
    owners.add(user.id());
    for (Membership membership : session.owners().membershipsOf(user.id())) {
      owners.add(membership.organization());
    }
    return owners;
  }
}
