package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumAliasId;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.WebSession;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.Slice;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every database does to rows that have had their time. */
abstract class RemovalContract extends Contract {
  private static final Instant LATER = NOW.plus(Duration.ofDays(1));
  private static final StoreId STORE = new StoreId(Samples.id());

  @Test
  final void aDeletedExecutionMayBeRemovedOnceNothingOfItIsUnderWay() {
    Execution deleted = ended(1, true, true);
    Execution unsealed = ended(2, true, false);
    Execution living = ended(3, false, true);
    Execution uploading = ended(4, true, true);
    write(
        s ->
            s.data()
                .insert(
                    new PendingUpload(
                        Samples.datum(project.id(), Optional.empty(), "a").id(),
                        uploading.id(),
                        "a",
                        1,
                        STORE,
                        "k",
                        NOW)));
    assertEquals(List.of(), removable(NOW));
    assertEquals(List.of(deleted.counter()), removable(LATER));
    assertEquals(
        List.of(),
        read(s -> s.executions().removable(LATER, new Slice(1, 5))),
        "those that wait are left out by their number");
    assertTrue(stored(unsealed).log().isEmpty() && stored(living).deletedAt().isEmpty());
  }

  @Test
  final void executionsOfADeletedProjectMayBeRemovedAfterThoseOfLivingOnes() {
    Execution deleted = ended(1, true, true);
    Execution other = ended(2, false, true);
    write(s -> s.projects().update(Samples.deleted(project)));
    assertEquals(List.of(deleted.counter(), other.counter()), removable(LATER));
    assertEquals(
        List.of(project.id()),
        read(s -> s.projects().deleted(LATER, 5).stream().map(Project::id).toList()));
    assertEquals(List.of(), read(s -> s.projects().deleted(NOW, 5)));
  }

  @Test
  final void whatIsKeptOfOneExecutionGoesWithItAndItsOutputsStay() {
    Execution gone = ended(1, true, true);
    Execution kept = ended(2, false, true);
    Datum output = Samples.datum(project.id(), Optional.of(gone.id()), "model.bin");
    for (Execution e : List.of(gone, kept)) {
      write(
          s ->
              s.metadata()
                  .append(
                      e.id(),
                      List.of(new MetadataLine(0, NOW, "{\"loss\":1}")),
                      new MetadataStore.Limit(10, 1_000)));
    }
    write(s -> s.data().insert(output));
    write(s -> s.executions().remove(gone.id()));
    assertEquals(Optional.empty(), read(s -> s.executions().find(ALL, gone.id())));
    assertEquals(List.of(), read(s -> s.facts().of(gone.id(), 5)));
    assertEquals(0, read(s -> s.metadata().list(gone.id(), Slice.first(5))).total());
    assertTrue(read(s -> s.metadata().lastValues(gone.id())).isEmpty());
    assertEquals(
        Optional.empty(), read(s -> s.data().find(ALL, output.id()).orElseThrow().outputOf()));
    assertEquals(1, read(s -> s.metadata().list(kept.id(), Slice.first(5))).total());
    assertTrue(read(s -> s.facts().of(kept.id(), 5)).size() > 1);
    write(s -> s.executions().remove(gone.id()));
  }

  @Test
  final void aProjectGoesWithItsVariablesAliasesAndRepository() {
    Datum file = Samples.datum(project.id(), Optional.empty(), "a.bin");
    DatumAlias alias =
        new DatumAlias(
            new DatumAliasId(Samples.id()), project.id(), "best", file.id(), NOW, NOW, 1);
    Commit commit = Samples.commit(project.id(), "abc", NOW);
    OwnerId team = new OwnerId(500);
    write(
        s -> {
          s.data().insert(file);
          s.commits().insert(commit);
          s.aliases().insert(alias, new AliasMove(alias.id(), 1, file.id(), Optional.empty(), NOW));
          s.variables()
              .put(
                  project.id().value(),
                  new EnvironmentValue("A", Optional.of("1"), Optional.empty()));
          s.teams().give(team, project.id());
        });
    write(
        s -> {
          s.data().remove(file.id());
          s.commits().remove(commit.id());
          s.projects().remove(project.id());
        });
    assertEquals(Optional.empty(), read(s -> s.data().find(ALL, file.id())));
    assertEquals(Optional.empty(), read(s -> s.commits().find(ALL, commit.id())));
    assertEquals(Optional.empty(), read(s -> s.projects().find(ALL, project.id())));
    assertEquals(0L, (long) read(s -> s.aliases().count(project.id())));
    assertEquals(0, read(s -> s.aliases().moves(alias.id(), Slice.first(5))).total());
    assertEquals(List.of(), read(s -> s.variables().of(project.id().value())));
    assertEquals(List.of(), read(s -> s.teams().projects(team)));
  }

  @Test
  final void endedTokensGoAndGoodOnesStay() {
    ApiToken good = token("aa", Optional.empty(), Optional.empty());
    ApiToken expired = token("bb", Optional.of(NOW), Optional.empty());
    ApiToken revoked = token("cc", Optional.empty(), Optional.of(NOW));
    ApiToken lasting = token("dd", Optional.of(LATER), Optional.empty());
    write(
        s -> {
          for (ApiToken token : List.of(good, expired, revoked, lasting)) {
            s.tokens().insert(token);
          }
        });
    assertEquals(0, count(NOW, 5));
    assertEquals(1, count(LATER.minusSeconds(1), 1));
    assertEquals(1, count(LATER.minusSeconds(1), 5));
    assertEquals(2, read(s -> s.tokens().of(good.user())).size());
  }

  private int count(Instant before, int limit) {
    return database.transact(s -> s.tokens().purgeTokens(before, limit));
  }

  @Test
  final void aRemovedWorkerIsForgottenOnceItHoldsNothing() {
    Worker idle = Samples.worker(group, "ee".repeat(32));
    Worker busy = Samples.worker(group, "ff".repeat(32));
    Worker living = Samples.worker(group, "ab".repeat(32));
    write(
        s -> {
          for (Worker worker : List.of(idle, busy, living)) {
            s.workers().insert(worker);
          }
          s.workers().update(idle.removed(NOW));
          s.workers().update(busy.removed(NOW));
        });
    Execution held = submitted(1);
    assertTrue(
        update(
            Samples.changed(
                held,
                ExecutionStatus.STARTED,
                Optional.of(new Lease(busy.id(), Lease.State.HELD, "11".repeat(32)))),
            "Claimed"));
    assertEquals(1L, (long) read(s -> s.workers().count(group)));
    assertEquals(0, forgotten(NOW));
    assertEquals(1, forgotten(LATER));
    assertEquals(0, forgotten(LATER));
    assertTrue(read(s -> s.workers().find(busy.id())).isPresent());
    assertTrue(read(s -> s.workers().find(living.id())).isPresent());
  }

  private int forgotten(Instant before) {
    return database.transact(s -> s.workers().purgeRemoved(before, 5));
  }

  @Test
  final void auditEntriesGoByAge() {
    for (int i = 0; i < 3; i++) {
      Instant at = NOW.plusSeconds(i);
      write(
          s ->
              s.audit()
                  .append(
                      new AuditEntry(
                          Samples.id(),
                          at,
                          Optional.empty(),
                          Optional.empty(),
                          "127.0.0.1",
                          "x",
                          "y",
                          "{}",
                          "{}")));
    }
    int gone = database.transact(s -> s.audit().purge(NOW.plusSeconds(2), 5));
    assertEquals(2, gone);
    assertEquals(1, read(s -> s.audit().list(Optional.empty(), Slice.first(5))).total());
  }

  @Test
  final void onlyTheNewestSessionsOfAUserStay() {
    for (int i = 0; i < 4; i++) {
      String hash = ("a" + i).repeat(32);
      Instant at = NOW.plusSeconds(i);
      write(
          s ->
              s.webSessions().insert(new WebSession(hash, new OwnerId(7), "127.0.0.1", at, LATER)));
    }
    write(s -> s.webSessions().trim(new OwnerId(7), 2));
    assertTrue(read(s -> s.webSessions().byHash("a1".repeat(32))).isEmpty());
    assertTrue(read(s -> s.webSessions().byHash("a2".repeat(32))).isPresent());
    assertTrue(read(s -> s.webSessions().byHash("a3".repeat(32))).isPresent());
  }

  private List<Integer> removable(Instant before) {
    return read(
        s ->
            s.executions().removable(before, Slice.first(5)).stream()
                .map(Execution::counter)
                .toList());
  }

  private Execution ended(int counter, boolean deleted, boolean sealed) {
    ExecutionChange change =
        ExecutionChange.of(stored(submitted(counter)))
            .status(ExecutionStatus.COMPLETE)
            .endedAt(NOW)
            .settledAt(NOW);
    if (deleted) {
      change.deletedAt(NOW);
    }
    if (sealed) {
      change.log(new SealedLog(STORE, "logs/" + counter, "logs/index/" + counter, 0));
    }
    Execution ended = change.at(NOW);
    assertTrue(update(ended, "Settled"));
    return stored(ended);
  }

  private static ApiToken token(String hash, Optional<Instant> expires, Optional<Instant> revoked) {
    return new ApiToken(
        new TokenId(Samples.id()), new OwnerId(8), "t", hash.repeat(32), NOW, expires, revoked);
  }
}
