package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.Owner;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * Decides who may see and do what; nobody else does. A user has their own rows, those of the
 * organisations and teams that they belong to, and the projects that were given to these teams; who
 * administers an organisation has those of all its teams; an administrator of the installation has
 * every row; the engine's loops too. In projects that a team has, the team's members do what the
 * team lets them, whatever they may do in the organisation; its administrators are free. Workers
 * and runs see no rows by ownership: what they may ask is checked against their own lease and
 * execution. Quotas will widen this class and touch nothing else.
 */
@Component(service = Access.class)
public final class Access {
  @Activate
  public Access() {}

  /** Which rows the actor may see. */
  public Scope scopeOf(Session session, Actor actor) {
    if (administersInstallation(actor)) {
      return new Scope.Everything();
    }
    return actor instanceof Actor.Person person
        ? new Scope.Owners(Seats.of(session, person.user()).owners())
        : new Scope.Owners(Set.of());
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

  /** Which of the projects that the actor sees they may change; good within the session. */
  public Predicate<Project> writable(Session session, Actor actor) {
    if (administersInstallation(actor)) {
      return project -> true;
    }
    if (!(actor instanceof Actor.Person person)) {
      return project -> false;
    }
    Seats seats = Seats.of(session, person.user());
    return project -> seats.mayWrite(project);
  }

  /** Throws {@link Denied} unless the actor may change the project and what is in it. */
  public void requireWrite(Session session, Actor actor, Project project) {
    if (!writable(session, actor).test(project)) {
      throw new Denied("You may read this project but change nothing in it");
    }
  }

  /**
   * Throws {@link Denied} unless the actor may delete the project and hand it on: its owner, an
   * administrator of its organisation, or one who administers a team's projects.
   */
  public void requireAdministration(Session session, Actor actor, Project project) {
    if (!administersInstallation(actor)
        && !Seats.of(session, requirePerson(actor)).mayAdminister(project)) {
      throw new Denied("Only an administrator of this project may do that");
    }
  }

  /** Throws {@link Denied} unless the actor may make and change things of that owner. */
  public void requireOwning(Session session, Actor actor, Owner owner) {
    if (!mayOwn(session, actor, owner)) {
      throw new Denied("You may not change what belongs to this owner");
    }
  }

  private boolean mayOwn(Session session, Actor actor, Owner owner) {
    if (owner instanceof Team team && team.deleted()) {
      return false;
    }
    return administersInstallation(actor)
        || (actor instanceof Actor.Person person && Seats.of(session, person.user()).mayOwn(owner));
  }

  /**
   * Throws {@link Denied} unless the actor is that user, administers that organisation or the one
   * of that team, or the installation.
   */
  public void requireAdministration(Session session, Actor actor, OwnerId owner) {
    if (administersInstallation(actor)) {
      return;
    }
    Seats seats = Seats.of(session, requirePerson(actor));
    if (!session.owners().find(owner).map(seats::administers).orElse(false)) {
      throw new Denied("Only an administrator of this organisation may do that");
    }
  }

  /**
   * Whether the actor may know that the owner exists: itself, its organisations and their teams,
   * and those who share one.
   */
  public boolean maySee(Session session, Actor actor, Owner owner) {
    if (administersInstallation(actor)) {
      return true;
    }
    if (!(actor instanceof Actor.Person person)) {
      return false;
    }
    Set<OwnerId> mine = Seats.of(session, person.user()).organizations();
    return owner.id().equals(person.user().id())
        || (owner instanceof Organization && mine.contains(owner.id()))
        || (owner instanceof Team team && !team.deleted() && mine.contains(team.organization()))
        || (owner instanceof User
            && session.owners().membershipsOf(owner.id()).stream()
                .map(Membership::organization)
                .anyMatch(mine::contains));
  }

  /** The organisations whose teams the actor may see. */
  public Scope organizationsOf(Session session, Actor actor) {
    return administersInstallation(actor)
        ? new Scope.Everything()
        : new Scope.Owners(Seats.of(session, requirePerson(actor)).organizations());
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
        .filter(o -> mayOwn(session, actor, o))
        .orElseThrow(
            () ->
                Invalid.field(
                    field,
                    "There is no owner \""
                        + Submissions.brief(name.get())
                        + "\" that you may use; name yourself, one of your organisations or teams",
                    "does_not_exist"));
  }
}
