package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class TeamsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Organization lab;
  private Actor head;
  private Actor member;
  private Actor reader;
  private Actor colleague;
  private Teams.View team;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    lab = desk.organizations.make(new Actor.Engine(), "lab");
    head = joined("head", true);
    member = joined("member", false);
    reader = joined("reader", false);
    colleague = joined("colleague", false);
    team =
        desk.teams.make(
            head,
            lab.id(),
            wish(
                "vision",
                List.of(
                    new Teams.Seat(Desk.id(member), false, false),
                    new Teams.Seat(Desk.id(reader), false, true)),
                List.of()));
  }

  private Actor joined(String name, boolean admin) {
    Actor person = desk.person(name);
    desk.organizations.put(new Actor.Engine(), lab.id(), name, admin);
    return person;
  }

  private static Teams.Wish wish(String name, List<Teams.Seat> members, List<ProjectId> projects) {
    return new Teams.Wish(Optional.of(name), Optional.of(members), Optional.of(projects));
  }

  private boolean sees(Actor actor, Project project) {
    return desk.database.read(
        s -> s.projects().find(desk.access.scopeOf(s, actor), project.id()).isPresent());
  }

  private boolean writes(Actor actor, Project project) {
    return desk.database.read(s -> desk.access.writable(s, actor).test(project));
  }

  private boolean administers(Actor actor, Project project) {
    try {
      desk.database.read(
          s -> {
            desk.access.requireAdministration(s, actor, project);
            return true;
          });
      return true;
    } catch (Denied e) {
      return false;
    }
  }

  @Test
  void aTeamsProjectIsSeenByItsMembersAndItsOrganisationsAdministratorsOnly() {
    Project own = desk.project(team.team().id(), "own");
    for (Actor actor : List.of(head, member, reader)) {
      assertTrue(sees(actor, own));
    }
    assertFalse(sees(colleague, own));
    assertFalse(sees(desk.ada, own));
    assertTrue(writes(member, own) && writes(head, own));
    assertFalse(writes(reader, own));
    assertTrue(administers(head, own));
    assertFalse(administers(member, own));
    assertEquals(
        List.of("member", "lab", "lab:vision"), desk.organizations.ownershipOptions(member));
    assertEquals(List.of("reader", "lab"), desk.organizations.ownershipOptions(reader));
  }

  @Test
  void inAProjectThatATeamHasTheTeamDecidesWhatItsMembersMayDo() {
    Project shared = desk.project(lab.id(), "shared");
    assertTrue(writes(reader, shared), "as a member of the organisation");
    desk.teams.update(head, team.team().id(), given(shared));
    assertFalse(writes(reader, shared));
    assertTrue(sees(reader, shared));
    assertTrue(writes(member, shared) && writes(colleague, shared) && writes(head, shared));
    desk.teams.put(head, team.team().id(), new Teams.Seat(Desk.id(member), true, false));
    assertTrue(administers(member, shared));
    assertFalse(administers(colleague, shared));
  }

  private static Teams.Wish given(Project... projects) {
    return new Teams.Wish(
        Optional.empty(),
        Optional.empty(),
        Optional.of(List.of(projects).stream().map(Project::id).toList()));
  }

  @Test
  void whoMayOnlyReadIsRefusedEveryChange() {
    Project own = desk.project(team.team().id(), "own");
    CommitView commit = desk.upload(member, own, Desk.YAML);
    ExecutionView run = desk.submissions.submit(member, Desk.ask(own, commit, "train"));
    String id = run.execution().id().toString();
    String datum = desk.output(run, "a.bin").id().toString();
    assertDoesNotThrow(() -> desk.executions.find(reader, id, true, true));
    assertDoesNotThrow(() -> desk.data.find(reader, datum));
    for (Runnable change :
        List.<Runnable>of(
            () -> desk.commits.begin(reader, own.id()),
            () -> desk.submissions.submit(reader, Desk.ask(own, commit, "train")),
            () -> desk.executions.stop(reader, id),
            () -> desk.executions.tag(reader, id, List.of("a")),
            () -> desk.data.purge(reader, datum),
            () -> desk.aliases.make(reader, own.id(), "best", DatumId.parse(datum)),
            () ->
                desk.variables.put(
                    reader, own.id(), new Variables.Given("A", Secret.of("x"), false)))) {
      assertThrows(Denied.class, change::run);
    }
    assertThrows(NotFound.class, () -> desk.executions.stop(desk.ada, id));
    assertFalse(sees(colleague, own));
  }

  @Test
  void onlyAdministratorsOfTheOrganisationMakeAndFillTeams() {
    OwnerId id = team.team().id();
    for (Actor actor : List.of(member, reader, colleague)) {
      assertThrows(
          Denied.class, () -> desk.teams.make(actor, lab.id(), wish("x", List.of(), List.of())));
      assertThrows(Denied.class, () -> desk.teams.update(actor, id, given()));
      assertThrows(Denied.class, () -> desk.teams.delete(actor, id));
      assertEquals("vision", desk.teams.find(actor, id).team().shortName());
    }
    assertThrows(NotFound.class, () -> desk.teams.find(desk.ada, id));
    assertThrows(NotFound.class, () -> desk.teams.update(desk.ada, id, given()));
    assertThrows(NotFound.class, () -> desk.teams.delete(desk.ada, id));
    assertThrows(NotFound.class, () -> desk.teams.remove(desk.ada, id, Desk.id(member)));
    assertEquals(0, desk.teams.list(desk.ada, Slice.first(9)).total());
    assertThrows(
        Invalid.class, () -> desk.teams.make(desk.ada, lab.id(), wish("x", List.of(), List.of())));
  }

  @Test
  void aTeamTakesMembersOfItsOrganisationAndProjectsOfWhoeverGivesThem() {
    OwnerId id = team.team().id();
    Invalid stranger =
        assertThrows(
            Invalid.class,
            () -> desk.teams.put(head, id, new Teams.Seat(Desk.id(desk.ada), false, false)));
    assertTrue(stranger.fields().containsKey("user"), stranger.text());
    Invalid foreign =
        assertThrows(Invalid.class, () -> desk.teams.update(head, id, given(desk.adas)));
    assertTrue(foreign.fields().containsKey("projects"), foreign.text());
    assertThrows(
        Invalid.class, () -> desk.teams.put(head, id, new Teams.Seat(Desk.id(member), true, true)));
    assertThrows(
        Invalid.class, () -> desk.teams.make(head, lab.id(), wish("vision", List.of(), List.of())));
    assertEquals(2, desk.teams.find(head, id).members().size());
  }

  @Test
  void whoLeavesTheOrganisationLeavesItsTeams() {
    Project own = desk.project(team.team().id(), "own");
    assertTrue(sees(member, own));
    desk.organizations.remove(head, lab.id(), Desk.id(member));
    assertFalse(sees(member, own));
    assertEquals(1, desk.teams.find(head, team.team().id()).members().size());
  }

  @Test
  void aTeamGoesOnceItOwnsNothing() {
    OwnerId id = team.team().id();
    Project shared = desk.project(lab.id(), "shared");
    desk.teams.update(head, id, given(shared));
    desk.project(id, "own");
    assertThrows(Conflict.class, () -> desk.teams.delete(head, id));
    Teams.View other = desk.teams.make(head, lab.id(), wish("short", List.of(), List.of()));
    desk.teams.delete(head, other.team().id());
    assertThrows(NotFound.class, () -> desk.teams.find(head, other.team().id()));
    assertEquals(1, desk.teams.list(head, Slice.first(9)).total());
    desk.teams.make(head, lab.id(), wish("short", List.of(), List.of()));
  }
}
