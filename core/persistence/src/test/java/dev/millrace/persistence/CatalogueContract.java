package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.DeployKey;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.RepositoryLogin;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What every database does for projects, commits, environments, data stores and data. */
abstract class CatalogueContract extends Contract {
  private void taken(String constraint, Executable work) {
    assertEquals(constraint, assertThrows(DuplicateRow.class, work).constraint());
  }

  @Test
  final void aProjectComesBackAsItWasStored() {
    assertEquals(Optional.of(project), read(s -> s.projects().find(owners(1), project.id())));
    assertEquals(Optional.empty(), read(s -> s.projects().find(owners(2), project.id())));
    assertEquals(Optional.of(project), read(s -> s.projects().find(ALL, project.id())));
  }

  @Test
  final void aProjectChangesByCompareAndSet() {
    Project renamed =
        new Project(
            project.id(),
            project.owner(),
            "mnist 2",
            "",
            "v.yaml",
            Optional.empty(),
            Optional.empty(),
            NOW,
            NOW,
            Optional.empty(),
            1);
    assertTrue(did(s -> s.projects().update(renamed)));
    assertFalse(did(s -> s.projects().update(project)));
    Project stored = read(s -> s.projects().find(ALL, project.id()).orElseThrow());
    assertEquals("mnist 2", stored.name());
    assertEquals(Optional.empty(), stored.uploadStore());
    assertEquals(2, stored.version());
  }

  @Test
  final void namesThatDifferInCaseOrBlanksAreDifferent() {
    for (String name : List.of("Mnist", "mnist ", " mnist", "mníst", "mnist🦊", "MNIST")) {
      write(s -> s.projects().insert(Samples.project(1, name)));
    }
    taken("name", () -> write(s -> s.projects().insert(Samples.project(1, "mnist🦊"))));
    write(s -> s.projects().insert(Samples.project(2, "mnist")));
    assertEquals(7, read(s -> s.projects().list(owners(1), Slice.first(20))).total());
    assertEquals(
        List.of(" mnist", "MNIST", "Mnist", "mnist", "mnist ", "mnist🦊", "mníst"),
        read(
            s ->
                s.projects().list(owners(1), Slice.first(20)).items().stream()
                    .map(Project::name)
                    .toList()));
  }

  @Test
  final void aDeletedProjectIsGoneForItsOwnerAndItsNameIsFree() {
    assertTrue(did(s -> s.projects().update(Samples.deleted(project))));
    assertEquals(Optional.empty(), read(s -> s.projects().find(owners(1), project.id())));
    assertTrue(read(s -> s.projects().find(ALL, project.id())).isPresent());
    Project second = Samples.project(1, "mnist");
    write(s -> s.projects().insert(second));
    assertEquals(List.of(second), read(s -> s.projects().list(owners(1), Slice.first(9)).items()));
    assertEquals(2, read(s -> s.projects().list(ALL, Slice.first(9))).total());
  }

  @Test
  final void aRepositoryIsMadeAndReplaced() {
    int id = database.transact(s -> s.projects().nextRepositoryId());
    assertTrue(database.transact(s -> s.projects().nextRepositoryId()) > id);
    assertEquals(Optional.empty(), read(s -> s.projects().repository(project.id())));
    Repository first =
        new Repository(
            id, project.id(), "https://x/a.git", List.of("main"), RepositoryLogin.NONE, 1);
    write(s -> s.projects().put(first));
    assertEquals(Optional.of(first), read(s -> s.projects().repository(project.id())));
    RepositoryLogin login =
        new RepositoryLogin(
            "git",
            Optional.of(new Sealed("c2VhbGVk".repeat(1_000))),
            "ssh-ed25519 AAAA\nssh-rsa BBBB",
            Optional.of(new DeployKey("ssh-ed25519 CCCC millrace", new Sealed("a2V5"))));
    Repository second =
        new Repository(id, project.id(), "https://x/b.git", List.of("main", "dev"), login, 2);
    write(s -> s.projects().put(second));
    assertEquals(Optional.of(second), read(s -> s.projects().repository(project.id())));
    assertEquals(
        new Rows<>(List.of(second), 1),
        read(s -> s.projects().repositories(owners(1), Slice.first(5))));
    assertEquals(0, read(s -> s.projects().repositories(owners(2), Slice.first(5))).total());
  }

  @Test
  final void aCommitComesBackWithItsConfigAndListsLeaveItOut() {
    Commit older = Samples.commit(project.id(), "~" + "a".repeat(64), NOW);
    Commit newer = Samples.commit(project.id(), "b".repeat(40), NOW.plusSeconds(5));
    write(
        s -> {
          s.commits().insert(older);
          s.commits().insert(newer);
        });
    assertEquals(Optional.of(older), read(s -> s.commits().find(owners(1), older.id())));
    assertEquals(
        Optional.of(older),
        read(s -> s.commits().byIdentifier(owners(1), project.id(), older.identifier())));
    assertEquals(
        List.of(older), read(s -> s.commits().byIdentifier(owners(1), older.identifier(), 5)));
    assertEquals(List.of(), read(s -> s.commits().byIdentifier(owners(2), older.identifier(), 5)));
    Rows<Commit> all =
        read(
            s ->
                s.commits()
                    .list(owners(1), Optional.of(project.id()), Optional.empty(), Slice.first(9)));
    assertEquals(List.of(newer.id(), older.id()), all.items().stream().map(Commit::id).toList());
    assertEquals(Optional.empty(), all.items().get(0).config());
    assertEquals(
        1,
        read(s -> s.commits().list(ALL, Optional.empty(), Optional.of(true), Slice.first(9)))
            .total());
    taken(
        "identifier",
        () ->
            write(s -> s.commits().insert(Samples.commit(project.id(), older.identifier(), NOW))));
  }

  @Test
  final void aCommitTakesANewConfigOfAMebibyte() {
    Commit commit = Samples.commit(project.id(), "c".repeat(40), NOW);
    write(s -> s.commits().insert(commit));
    String big = "# ä🦊\n".repeat(1 << 17);
    Commit changed =
        new Commit(
            commit.id(),
            commit.project(),
            commit.identifier(),
            commit.adhoc(),
            List.of("next"),
            "second",
            commit.commitTime(),
            commit.createdAt(),
            "other.yaml",
            Optional.of(big),
            Optional.empty());
    write(s -> s.commits().update(changed));
    assertEquals(Optional.of(changed), read(s -> s.commits().find(ALL, commit.id())));
    Commit none =
        new Commit(
            commit.id(),
            commit.project(),
            commit.identifier(),
            commit.adhoc(),
            List.of(),
            "",
            commit.commitTime(),
            commit.createdAt(),
            "v.yaml",
            Optional.empty(),
            commit.archive());
    write(s -> s.commits().update(none));
    assertEquals(Optional.of(none), read(s -> s.commits().find(ALL, commit.id())));
  }

  @Test
  final void environmentsAreSeenByTheirOwnersAndSharedOnesByAll() {
    Environment shared = Samples.environment(Optional.empty(), "a-shared");
    Environment mine = Samples.environment(Optional.of(1), "b-mine");
    Environment theirs = Samples.environment(Optional.of(2), "c-theirs");
    write(s -> List.of(theirs, mine, shared).forEach(s.environments()::insert));
    assertEquals(
        new Rows<>(List.of(shared, mine), 2),
        read(s -> s.environments().list(owners(1), Slice.first(9))));
    assertEquals(3, read(s -> s.environments().list(ALL, Slice.first(9))).total());
    assertEquals(Optional.empty(), read(s -> s.environments().find(owners(1), theirs.id())));
    assertEquals(Optional.empty(), read(s -> s.environments().bySlug(owners(1), "c-theirs")));
    assertEquals(Optional.of(shared), read(s -> s.environments().bySlug(owners(1), "a-shared")));
    assertEquals(1, read(s -> s.environments().list(owners(), Slice.first(9))).total());
    taken(
        "slug",
        () -> write(s -> s.environments().insert(Samples.environment(Optional.of(3), "a-shared"))));
    assertTrue(did(s -> s.environments().update(mine)));
    assertFalse(did(s -> s.environments().update(mine)));
  }

  @Test
  final void dataStoresAreSeenByTheirOwnersAndSharedOnesByAll() {
    DataStore shared = Samples.store(Optional.empty(), "default", NOW);
    DataStore mine = Samples.store(Optional.of(1), "default", NOW.plusSeconds(1));
    DataStore theirs = Samples.store(Optional.of(2), "default", NOW.plusSeconds(2));
    write(s -> List.of(theirs, mine, shared).forEach(s.dataStores()::insert));
    assertEquals(
        List.of(shared, mine), read(s -> s.dataStores().list(owners(1), Slice.first(9)).items()));
    assertEquals(Optional.of(mine), read(s -> s.dataStores().byName(owners(1), "default")));
    assertEquals(Optional.of(shared), read(s -> s.dataStores().byName(owners(9), "default")));
    assertEquals(Optional.empty(), read(s -> s.dataStores().find(owners(1), theirs.id())));
    taken(
        "name",
        () -> write(s -> s.dataStores().insert(Samples.store(Optional.empty(), "default", NOW))));
    assertTrue(did(s -> s.dataStores().update(shared)));
    assertFalse(did(s -> s.dataStores().update(shared)));
  }

  @Test
  final void aDatumIsStoredOnce() {
    Datum datum = Samples.datum(project.id(), Optional.empty(), "modell ü.bin");
    assertTrue(did(s -> s.data().insert(datum)));
    assertFalse(did(s -> s.data().insert(datum)));
    assertEquals(Optional.of(datum), read(s -> s.data().find(owners(1), datum.id())));
    assertEquals(Optional.empty(), read(s -> s.data().find(owners(2), datum.id())));
  }

  @Test
  final void dataAreFoundByTagNameStoreAndExecution() {
    Execution execution = submitted(1);
    Datum first = Samples.datum(project.id(), Optional.of(execution.id()), "a.bin");
    Datum second = Samples.datum(project.id(), Optional.empty(), "b.bin");
    write(
        s -> {
          s.data().insert(first);
          s.data().insert(second);
        });
    Datum retagged =
        new Datum(
            second.id(),
            second.project(),
            second.outputOf(),
            second.name(),
            0,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            second.store(),
            second.key(),
            second.uri(),
            List.of("red", "red"),
            "{}",
            NOW.plusSeconds(9),
            NOW,
            NOW,
            Optional.of(NOW),
            1);
    assertTrue(did(s -> s.data().update(retagged)));
    assertFalse(did(s -> s.data().update(retagged)));
    assertEquals(List.of(first.id()), found(filter(Optional.empty(), Optional.of("blue"))));
    assertEquals(List.of(second.id()), found(filter(Optional.empty(), Optional.of("red"))));
    assertEquals(List.of(), found(filter(Optional.empty(), Optional.of("Red"))));
    assertEquals(List.of(first.id()), found(filter(Optional.of("a.bin"), Optional.empty())));
    assertEquals(
        List.of(second.id(), first.id()), found(filter(Optional.empty(), Optional.empty())));
    assertEquals(
        List.of(first.id()),
        found(
            new DatumFilter(
                Optional.of(project.id()),
                Optional.of(execution.id()),
                Optional.empty(),
                Optional.of(first.store()),
                Optional.empty(),
                false)));
  }

  private List<DatumId> found(DatumFilter filter) {
    return read(
        s ->
            s.data().list(owners(1), filter, Slice.first(9)).items().stream()
                .map(Datum::id)
                .toList());
  }

  private static DatumFilter filter(Optional<String> name, Optional<String> tag) {
    return new DatumFilter(Optional.empty(), Optional.empty(), name, Optional.empty(), tag, true);
  }

  @Test
  final void anUploadOfASettledExecutionGrowsStale() {
    Execution running = submitted(1);
    Execution done = submitted(2);
    update(Samples.settled(done, ExecutionStatus.COMPLETE), "Settled");
    PendingUpload first =
        new PendingUpload(
            new DatumId(Samples.id()), running.id(), "a", 1, new StoreId(Samples.id()), "k", NOW);
    PendingUpload second =
        new PendingUpload(
            new DatumId(Samples.id()), done.id(), "b", 2, new StoreId(Samples.id()), "l", NOW);
    assertTrue(did(s -> s.data().insert(first)));
    assertTrue(did(s -> s.data().insert(second)));
    assertFalse(did(s -> s.data().insert(second)));
    Instant settled =
        read(s -> s.executions().find(owners(1), done.id()))
            .orElseThrow()
            .settledAt()
            .orElseThrow();
    assertEquals(List.of(second), read(s -> s.data().stalePending(settled.plusSeconds(1), 5)));
    assertEquals(List.of(), read(s -> s.data().stalePending(settled, 5)));
    assertEquals(Optional.of(first), read(s -> s.data().pending(first.id())));
    write(s -> s.data().removePending(first.id()));
    assertEquals(Optional.empty(), read(s -> s.data().pending(first.id())));
  }

  @Test
  final void aProjectThatIsNotThereGivesNoCounter() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            database.transact(s -> s.projects().nextExecutionCounter(new ProjectId(Samples.id()))));
  }
}
