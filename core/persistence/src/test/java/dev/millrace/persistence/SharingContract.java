package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumAliasId;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.JournalEntry;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.Team;
import dev.millrace.engine.domain.TeamMember;
import dev.millrace.engine.domain.VariableGroup;
import dev.millrace.engine.domain.VariableGroupId;
import dev.millrace.engine.store.AliasStore;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What every database does for teams, variables, aliases and readers of the journal. */
abstract class SharingContract extends Contract {
  private static final OwnerId LAB = new OwnerId(100);

  private static Team team(int id, String name, boolean deleted, long version) {
    return new Team(new OwnerId(id), LAB, name, deleted, NOW, version);
  }

  @Test
  final void aTeamIsAnOwnerAndIsFoundUntilItIsDeleted() {
    Team vision = team(101, "lab:vision", false, 1);
    write(s -> s.teams().insert(vision));
    write(s -> s.teams().insert(team(102, "lab:audio", false, 1)));
    assertEquals(Optional.of(vision), read(s -> s.owners().find(vision.id())));
    assertEquals(Optional.of(vision), read(s -> s.owners().byName("lab:vision")));
    assertEquals("vision", vision.shortName());
    assertEquals(
        "name",
        assertThrows(
                DuplicateRow.class,
                () -> write(s -> s.teams().insert(team(103, "lab:audio", false, 1))))
            .constraint());
    assertEquals(
        List.of("lab:audio", "lab:vision"),
        read(
            s ->
                s.teams().list(owners(100), Slice.first(9)).items().stream()
                    .map(Team::name)
                    .toList()));
    assertEquals(0, read(s -> s.teams().list(owners(101), Slice.first(9))).total());
    write(s -> s.teams().put(new TeamMember(vision.id(), new OwnerId(7), true, false, NOW)));
    assertTrue(did(s -> s.teams().update(team(101, "gone", true, 1))));
    assertFalse(did(s -> s.teams().update(team(101, "gone", true, 1))));
    assertEquals(1, read(s -> s.teams().list(ALL, Slice.first(9))).total());
    assertEquals(List.of(), read(s -> s.teams().membershipsOf(new OwnerId(7))));
    assertEquals(Optional.of(team(101, "gone", true, 2)), read(s -> s.owners().find(vision.id())));
  }

  @Test
  final void aMembershipIsMadeReplacedAndEnded() {
    Team vision = team(101, "lab:vision", false, 1);
    TeamMember reader = new TeamMember(vision.id(), new OwnerId(7), false, true, NOW);
    write(
        s -> {
          s.teams().insert(vision);
          s.teams().put(reader);
        });
    assertEquals(List.of(reader), read(s -> s.teams().membershipsOf(new OwnerId(7))));
    write(s -> s.teams().put(new TeamMember(vision.id(), new OwnerId(7), true, false, NOW)));
    TeamMember administrator = read(s -> s.teams().members(vision.id())).get(0);
    assertTrue(administrator.projectAdministration() && !administrator.readOnly());
    assertTrue(did(s -> s.teams().remove(vision.id(), new OwnerId(7))));
    assertFalse(did(s -> s.teams().remove(vision.id(), new OwnerId(7))));
  }

  @Test
  final void aProjectThatWasGivenToATeamIsSeenWithAllThatIsInIt() {
    Execution execution = submitted(1);
    Datum datum = Samples.datum(project.id(), Optional.of(execution.id()), "a.bin");
    write(s -> s.data().insert(datum));
    assertEquals(Optional.empty(), read(s -> s.projects().find(owners(101), project.id())));
    write(s -> s.teams().give(new OwnerId(101), project.id()));
    write(s -> s.teams().give(new OwnerId(101), project.id()));
    assertEquals(Set.of(new OwnerId(101)), read(s -> s.teams().teamsOf(project.id())));
    assertEquals(List.of(project.id()), read(s -> s.teams().projects(new OwnerId(101))));
    Scope team = owners(101, 9);
    assertEquals(Optional.of(project), read(s -> s.projects().find(team, project.id())));
    assertEquals(1, read(s -> s.projects().list(team, Slice.first(9))).total());
    assertTrue(read(s -> s.executions().find(team, execution.id())).isPresent());
    assertTrue(read(s -> s.data().find(team, datum.id())).isPresent());
    assertTrue(did(s -> s.teams().takeBack(new OwnerId(101), project.id())));
    assertFalse(did(s -> s.teams().takeBack(new OwnerId(101), project.id())));
    assertEquals(Optional.empty(), read(s -> s.executions().find(team, execution.id())));
    assertEquals(Optional.empty(), read(s -> s.data().find(team, datum.id())));
  }

  @Test
  final void variablesAreMadeReplacedAndTakenOutByName() {
    UUID holder = project.id().value();
    EnvironmentValue plain = new EnvironmentValue("B", Optional.of(""), Optional.empty());
    EnvironmentValue sealed =
        new EnvironmentValue("A", Optional.empty(), Optional.of(new Sealed("c2VhbGVk")));
    write(
        s -> {
          s.variables().put(holder, plain);
          s.variables().put(holder, sealed);
          s.variables().put(Samples.id(), plain);
        });
    assertEquals(List.of(sealed, plain), read(s -> s.variables().of(holder)));
    EnvironmentValue open = new EnvironmentValue("A", Optional.of("x"), Optional.empty());
    write(s -> s.variables().put(holder, open));
    assertEquals(List.of(open, plain), read(s -> s.variables().of(holder)));
    assertTrue(did(s -> s.variables().remove(holder, "A")));
    assertFalse(did(s -> s.variables().remove(holder, "A")));
    assertFalse(did(s -> s.variables().remove(holder, "b")));
  }

  @Test
  final void groupsAreSeenByTheirOwnersAndGoWithTheirVariables() {
    VariableGroup group = group(1, "keys");
    write(
        s -> {
          s.variables().insert(group);
          s.variables().insert(group(2, "keys"));
          s.variables()
              .put(
                  group.id().value(),
                  new EnvironmentValue("A", Optional.of("x"), Optional.empty()));
        });
    assertEquals(
        "name",
        assertThrows(DuplicateRow.class, () -> write(s -> s.variables().insert(group(1, "keys"))))
            .constraint());
    assertEquals(Optional.of(group), read(s -> s.variables().find(owners(1), group.id())));
    assertEquals(Optional.empty(), read(s -> s.variables().find(owners(2), group.id())));
    assertEquals(Optional.of(group), read(s -> s.variables().byName(new OwnerId(1), "keys")));
    assertEquals(
        List.of(group), read(s -> s.variables().groups(owners(1), Slice.first(5))).items());
    assertTrue(did(s -> s.variables().update(group)));
    assertFalse(did(s -> s.variables().update(group)));
    write(s -> s.variables().remove(group.id()));
    assertEquals(List.of(), read(s -> s.variables().of(group.id().value())));
    assertEquals(1, read(s -> s.variables().groups(ALL, Slice.first(5))).total());
  }

  private static VariableGroup group(int owner, String name) {
    return new VariableGroup(
        new VariableGroupId(Samples.id()), new OwnerId(owner), name, "", NOW, NOW, 1);
  }

  @Test
  final void anAliasMovesAndRemembersWhereItPointed() {
    Datum first = Samples.datum(project.id(), Optional.empty(), "a.bin");
    Datum second = Samples.datum(project.id(), Optional.empty(), "b.bin");
    DatumAlias alias = alias(new DatumAliasId(Samples.id()), first.id(), 1);
    write(
        s -> {
          s.data().insert(first);
          s.data().insert(second);
          s.aliases().insert(alias, move(alias, Optional.of(new OwnerId(1))));
        });
    assertEquals(
        "name",
        assertThrows(
                DuplicateRow.class,
                () -> {
                  DatumAlias twin = alias(new DatumAliasId(Samples.id()), first.id(), 1);
                  write(s -> s.aliases().insert(twin, move(twin, Optional.empty())));
                })
            .constraint());
    DatumAlias moved = alias(alias.id(), second.id(), 1);
    assertTrue(did(s -> s.aliases().update(moved, move(moved, Optional.empty()))));
    assertFalse(did(s -> s.aliases().update(moved, move(moved, Optional.empty()))));
    assertEquals(
        second.id(),
        read(s -> s.aliases().byName(owners(1), project.id(), "best")).orElseThrow().datum());
    assertEquals(Optional.empty(), read(s -> s.aliases().byName(owners(2), project.id(), "best")));
    assertEquals(Optional.empty(), read(s -> s.aliases().find(owners(2), alias.id())));
    assertEquals(
        Map.of(second.id(), List.of("best")),
        read(s -> s.aliases().namesOf(List.of(first.id(), second.id()))));
    List<AliasMove> moves = read(s -> s.aliases().moves(alias.id(), Slice.first(9))).items();
    assertEquals(List.of(second.id(), first.id()), moves.stream().map(AliasMove::datum).toList());
    assertEquals(Optional.of(new OwnerId(1)), moves.get(1).user());
    assertEquals(Optional.empty(), moves.get(0).user());
    assertEquals(
        1,
        read(s ->
                s.aliases()
                    .list(
                        owners(1), Optional.of(project.id()), Optional.of("best"), Slice.first(9)))
            .total());
    assertTrue(did(s -> s.aliases().count(project.id()) == 1));
    write(s -> s.aliases().remove(alias.id()));
    assertEquals(0, read(s -> s.aliases().moves(alias.id(), Slice.first(9))).total());
  }

  @Test
  final void onlyTheLastMovesOfAnAliasAreKept() {
    Datum datum = Samples.datum(project.id(), Optional.empty(), "a.bin");
    DatumAlias alias = alias(new DatumAliasId(Samples.id()), datum.id(), 1);
    write(
        s -> {
          s.data().insert(datum);
          s.aliases().insert(alias, move(alias, Optional.empty()));
          for (int version = 1; version <= AliasStore.MOVES_KEPT; version++) {
            DatumAlias next = alias(alias.id(), datum.id(), version);
            s.aliases().update(next, move(next, Optional.empty()));
          }
        });
    assertEquals(
        AliasStore.MOVES_KEPT, read(s -> s.aliases().moves(alias.id(), Slice.first(1))).total());
  }

  private DatumAlias alias(DatumAliasId id, DatumId datum, long version) {
    return new DatumAlias(id, project.id(), "best", datum, NOW, NOW, version);
  }

  private static AliasMove move(DatumAlias alias, Optional<OwnerId> user) {
    return new AliasMove(alias.id(), alias.version(), alias.datum(), user, NOW);
  }

  @Test
  final void theJournalIsReadWithinAScopeAndAStretch() {
    Project theirs = Samples.project(2, "theirs");
    write(s -> s.projects().insert(theirs));
    Execution mine = submitted(1);
    submitted(Samples.execution(theirs.id(), group, 1));
    update(mine, "Queued");
    assertEquals(List.of(), read(s -> s.facts().between(ALL, 0, Long.MAX_VALUE, 9)));
    assertTrue(did(s -> s.facts().stamp(9) == 3));
    assertTrue(did(s -> s.facts().last() == 3));
    List<JournalEntry> seen = read(s -> s.facts().between(owners(1), 0, 3, 9));
    assertEquals(List.of(1L, 3L), seen.stream().map(JournalEntry::position).toList());
    assertEquals(List.of("Submitted", "Queued"), seen.stream().map(e -> e.fact().kind()).toList());
    assertEquals(project.id(), seen.get(0).project());
    assertEquals(1, seen.get(0).counter());
    assertEquals(1, read(s -> s.facts().between(owners(1), 0, 2, 9)).size());
    assertEquals(1, read(s -> s.facts().between(owners(1), 1, 3, 9)).size());
    assertEquals(3, read(s -> s.facts().between(ALL, 0, 3, 9)).size());
    assertEquals(List.of(), read(s -> s.facts().between(owners(), 0, 3, 9)));
    write(s -> s.teams().give(new OwnerId(101), theirs.id()));
    assertEquals(1, read(s -> s.facts().between(owners(101), 0, 3, 9)).size());
  }
}
