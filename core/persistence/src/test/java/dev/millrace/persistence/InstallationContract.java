package dev.millrace.persistence;

import static dev.millrace.persistence.Samples.NOW;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.Organization;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.WebSession;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.SettingStore.Lead;
import dev.millrace.engine.store.Slice;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What every database does for owners, tokens, attempts, audit, workers, nodes and settings. */
abstract class InstallationContract extends Contract {
  private Organization organization(int id, String name) {
    return new Organization(new OwnerId(id), name, NOW, 1);
  }

  @Test
  final void ownerIdsAreNeverGivenTwice() throws Exception {
    List<OwnerId> ids = together(4, () -> database.transact(s -> s.owners().nextId()));
    assertEquals(4, Set.copyOf(ids).size());
    assertTrue(ids.stream().allMatch(id -> id.value() > 0));
  }

  @Test
  final void usersAndOrganisationsShareTheirNames() {
    User ada = Samples.user(101, "ada");
    write(s -> s.owners().insert(ada, Optional.of("argon2…")));
    write(s -> s.owners().insert(Samples.user(102, "Ada"), Optional.empty()));
    write(s -> s.owners().insert(organization(103, "ada ")));
    assertEquals(
        "name",
        assertThrows(
                DuplicateRow.class, () -> write(s -> s.owners().insert(organization(104, "ada"))))
            .constraint());
    assertEquals(Optional.of(ada), read(s -> s.owners().byName("ada")));
    assertEquals(Optional.of(organization(103, "ada ")), read(s -> s.owners().byName("ada ")));
    assertEquals(Optional.empty(), read(s -> s.owners().byName("ADA")));
    assertEquals(Optional.of(ada), read(s -> s.owners().find(new OwnerId(101))));
    assertEquals(
        List.of("Ada", "ada"),
        read(s -> s.owners().users(Slice.first(5)).items().stream().map(User::name).toList()));
    assertEquals(
        new Rows<>(List.of(organization(103, "ada ")), 1),
        read(s -> s.owners().organizations(owners(103, 101), Slice.first(5))));
    assertEquals(0, read(s -> s.owners().organizations(owners(101), Slice.first(5))).total());
  }

  @Test
  final void aPasswordSurvivesAChangeOfItsUser() {
    User ada = Samples.user(101, "ada");
    write(s -> s.owners().insert(ada, Optional.of("first")));
    assertEquals(Optional.of("first"), read(s -> s.owners().passwordHash(ada.id())));
    write(s -> s.owners().setPasswordHash(ada.id(), "second"));
    User disabled = new User(ada.id(), "ada", "new@example.org", "A", "L", false, true, NOW, 1);
    assertTrue(did(s -> s.owners().update(disabled)));
    assertFalse(did(s -> s.owners().update(disabled)));
    assertEquals(Optional.of("second"), read(s -> s.owners().passwordHash(ada.id())));
    assertEquals(
        Optional.of(new User(ada.id(), "ada", "new@example.org", "A", "L", false, true, NOW, 2)),
        read(s -> s.owners().find(ada.id())));
  }

  @Test
  final void aMembershipIsMadeReplacedAndRemoved() {
    OwnerId org = new OwnerId(9);
    OwnerId user = new OwnerId(8);
    write(s -> s.owners().put(new Membership(org, user, false)));
    write(s -> s.owners().put(new Membership(org, user, true)));
    assertEquals(
        List.of(new Membership(org, user, true)), read(s -> s.owners().membershipsOf(user)));
    assertEquals(List.of(new Membership(org, user, true)), read(s -> s.owners().membersOf(org)));
    assertTrue(did(s -> s.owners().remove(org, user)));
    assertFalse(did(s -> s.owners().remove(org, user)));
  }

  @Test
  final void aWebSessionIsFoundByItsHashUntilItEnds() {
    OwnerId ada = new OwnerId(8);
    WebSession first = new WebSession("aa".repeat(32), ada, "::1", NOW, NOW.plusSeconds(60));
    WebSession second = new WebSession("bb".repeat(32), ada, "::1", NOW, NOW.plusSeconds(120));
    WebSession third =
        new WebSession("cc".repeat(32), new OwnerId(9), "::1", NOW, NOW.plusSeconds(120));
    write(
        s -> {
          s.webSessions().insert(first);
          s.webSessions().insert(second);
          s.webSessions().insert(third);
        });
    assertEquals(Optional.of(first), read(s -> s.webSessions().byHash(first.hash())));
    assertEquals(Optional.empty(), read(s -> s.webSessions().byHash("AA".repeat(32))));
    assertTrue(did(s -> s.webSessions().purge(NOW.plusSeconds(61), 10) == 1));
    assertEquals(Optional.empty(), read(s -> s.webSessions().byHash(first.hash())));
    assertTrue(did(s -> s.webSessions().deleteOf(ada) == 1));
    assertTrue(did(s -> s.webSessions().delete(third.hash())));
    assertFalse(did(s -> s.webSessions().delete(third.hash())));
  }

  @Test
  final void anApiTokenIsFoundByItsHashAndRevokedOnce() {
    OwnerId user = new OwnerId(8);
    ApiToken first =
        new ApiToken(
            new TokenId(Samples.id()),
            user,
            "laptop",
            "aa".repeat(32),
            NOW,
            Optional.empty(),
            Optional.empty());
    ApiToken second =
        new ApiToken(
            new TokenId(Samples.id()),
            user,
            "ci",
            "bb".repeat(32),
            NOW.plusSeconds(1),
            Optional.of(NOW.plusSeconds(60)),
            Optional.empty());
    write(
        s -> {
          s.tokens().insert(first);
          s.tokens().insert(second);
        });
    assertEquals(Optional.of(first), read(s -> s.tokens().byHash("aa".repeat(32))));
    assertEquals(List.of(second, first), read(s -> s.tokens().of(user)));
    assertTrue(did(s -> s.tokens().revoke(first.id(), NOW)));
    assertFalse(did(s -> s.tokens().revoke(first.id(), NOW.plusSeconds(5))));
    assertEquals(
        Optional.of(NOW), read(s -> s.tokens().find(first.id()).orElseThrow().revokedAt()));
  }

  @Test
  final void aJoinTokenIsUsedByOneNonce() throws Exception {
    JoinToken token =
        new JoinToken(
            new TokenId(Samples.id()),
            "cc".repeat(32),
            group,
            Optional.of("node-7"),
            NOW,
            NOW.plusSeconds(3600),
            Optional.empty(),
            Optional.empty());
    write(s -> s.tokens().insert(token));
    assertEquals(Optional.of(token), read(s -> s.tokens().joinTokenByHash("cc".repeat(32))));
    List<Boolean> used =
        together(
            6,
            () ->
                database.transact(
                    s ->
                        s.tokens()
                            .use(
                                token.id(),
                                Thread.currentThread().getName(),
                                new WorkerId(Samples.id()))));
    assertEquals(1, Collections.frequency(used, true));
    JoinToken stored = read(s -> s.tokens().joinTokenByHash("cc".repeat(32)).orElseThrow());
    String nonce = stored.usedNonce().orElseThrow();
    assertTrue(did(s -> s.tokens().use(token.id(), nonce, stored.worker().orElseThrow())));
    assertEquals(
        Optional.of(stored), read(s -> s.tokens().joinTokenOf(stored.nodeKey().orElseThrow())));
    assertEquals(Optional.empty(), read(s -> s.tokens().joinTokenOf("another")));
    assertEquals(0, (int) database.transact(s -> s.tokens().purgeJoinTokens(token.expiresAt(), 5)));
    assertEquals(
        1,
        (int)
            database.transact(
                s -> s.tokens().purgeJoinTokens(token.expiresAt().plusSeconds(1), 5)));
  }

  @Test
  final void failedLoginsAreCountedPerKey() {
    write(
        s -> {
          s.attempts().add("ada", NOW);
          s.attempts().add("ada", NOW.plusSeconds(5));
          s.attempts().add("ada ", NOW);
        });
    assertEquals(2, (long) read(s -> s.attempts().count("ada", NOW)));
    assertEquals(1, (long) read(s -> s.attempts().count("ada", NOW.plusSeconds(1))));
    assertEquals(1, (int) database.transact(s -> s.attempts().purge(NOW.plusSeconds(1), 1)));
    assertEquals(1, (int) database.transact(s -> s.attempts().purge(NOW.plusSeconds(1), 9)));
    write(s -> s.attempts().clear("ada"));
    assertEquals(0, (long) read(s -> s.attempts().count("ada", NOW)));
  }

  @Test
  final void auditEntriesComeNewestFirst() {
    AuditEntry first = entry(1, "project/a");
    AuditEntry second = entry(2, "project/b");
    AuditEntry third = entry(3, "project/a");
    write(s -> List.of(first, second, third).forEach(s.audit()::append));
    assertEquals(
        new Rows<>(List.of(third, first), 2),
        read(s -> s.audit().list(Optional.of("project/a"), Slice.first(5))));
    assertEquals(
        new Rows<>(List.of(second), 3),
        read(s -> s.audit().list(Optional.empty(), new Slice(1, 1))));
  }

  private static AuditEntry entry(int seconds, String subject) {
    return new AuditEntry(
        Samples.id(),
        NOW.plusSeconds(seconds),
        seconds == 2 ? Optional.empty() : Optional.of(new OwnerId(8)),
        seconds == 2 ? Optional.empty() : Optional.of(new TokenId(Samples.id())),
        "127.0.0.1",
        "rename",
        subject,
        "{\"name\":\"ä\"}",
        "{}");
  }

  @Test
  final void aWorkersBeatLeavesItsVersionAndAChangeLeavesItsBeat() {
    Worker worker = Samples.worker(group, "dd".repeat(32));
    write(s -> s.workers().insert(worker));
    assertEquals(Optional.of(worker), read(s -> s.workers().find(worker.id())));
    write(s -> s.workers().beat(worker.id(), NOW.plusSeconds(5)));
    assertTrue(did(s -> s.workers().update(removed(worker))));
    assertFalse(did(s -> s.workers().update(removed(worker))));
    Worker stored = read(s -> s.workers().byCredentialHash("dd".repeat(32)).orElseThrow());
    assertEquals(1, stored.beat());
    assertEquals(NOW.plusSeconds(5), stored.lastSeenAt());
    assertEquals(Optional.of(NOW), stored.removedAt());
    assertEquals(2, stored.version());
  }

  @Test
  final void removedWorkersAreNotListed() {
    Worker first = Samples.worker(group, "dd".repeat(32));
    Worker second = Samples.worker(group, "ee".repeat(32));
    write(
        s -> {
          s.workers().insert(first);
          s.workers().insert(second);
          s.workers().update(removed(first));
        });
    assertEquals(List.of(second), read(s -> s.workers().list(Optional.of(group), 5)));
    assertEquals(List.of(second), read(s -> s.workers().list(Optional.empty(), 5)));
    assertEquals(
        "credential",
        assertThrows(
                DuplicateRow.class,
                () -> write(s -> s.workers().insert(Samples.worker(group, "ee".repeat(32)))))
            .constraint());
  }

  private static Worker removed(Worker w) {
    return new Worker(
        w.id(),
        w.group(),
        w.name(),
        w.credentialHash(),
        w.nonce(),
        w.nodeKey(),
        w.release(),
        w.os(),
        w.arch(),
        w.slots(),
        w.cpus(),
        w.memoryMiB(),
        w.gpus(),
        w.runtimes(),
        true,
        w.paused(),
        w.trouble(),
        w.registeredAt(),
        w.lastSeenAt(),
        Optional.of(NOW),
        77,
        w.version());
  }

  @Test
  final void wantedNodesAreListedUntilTheyAreGone() {
    WantedNode node = node(WantedNode.State.WANTED, 1);
    write(s -> s.nodes().insert(node));
    assertEquals(Optional.of(node), read(s -> s.nodes().find("key-1")));
    assertEquals(List.of(node), read(s -> s.nodes().list(Optional.of(group), 5)));
    assertTrue(did(s -> s.nodes().update(node(WantedNode.State.GONE, 1))));
    assertFalse(did(s -> s.nodes().update(node(WantedNode.State.RENTED, 1))));
    assertEquals(List.of(), read(s -> s.nodes().list(Optional.empty(), 5)));
    assertEquals(0, (int) database.transact(s -> s.nodes().purgeGone(NOW, 5)));
    assertEquals(1, (int) database.transact(s -> s.nodes().purgeGone(NOW.plusSeconds(1), 5)));
    assertEquals(Optional.empty(), read(s -> s.nodes().find("key-1")));
  }

  private WantedNode node(WantedNode.State state, long version) {
    return new WantedNode(
        "key-1",
        group,
        "onprem",
        state,
        Optional.of("i-1"),
        Optional.of("master-1"),
        "asked",
        NOW,
        NOW,
        version);
  }

  @Test
  final void theFirstValueStays() throws Exception {
    List<String> stored =
        together(
            6,
            () ->
                database.transact(
                    s -> s.settings().putIfAbsent("id", Thread.currentThread().getName())));
    assertEquals(1, Set.copyOf(stored).size());
    assertEquals(Optional.of(stored.get(0)), read(s -> s.settings().get("id")));
    write(s -> s.settings().put("id", "new"));
    assertEquals("new", database.transact(s -> s.settings().putIfAbsent("id", "other")));
  }

  @Test
  final void aLoopIsTakenOverFromWhoWasSeenOnly() throws Exception {
    assertEquals(Optional.empty(), read(s -> s.settings().lead("stamp")));
    List<Boolean> first =
        together(
            4,
            () ->
                database.transact(
                    s ->
                        s.settings()
                            .takeOver(
                                "stamp", Optional.empty(), Thread.currentThread().getName())));
    assertEquals(1, Collections.frequency(first, true));
    Lead seen = read(s -> s.settings().lead("stamp").orElseThrow());
    assertTrue(did(s -> s.settings().beat("stamp", seen.leader())));
    assertFalse(did(s -> s.settings().beat("stamp", "other")));
    assertFalse(did(s -> s.settings().takeOver("stamp", Optional.of(seen), "b")));
    Lead now = read(s -> s.settings().lead("stamp").orElseThrow());
    assertEquals(seen.beat() + 1, now.beat());
    assertTrue(did(s -> s.settings().takeOver("stamp", Optional.of(now), "b")));
    assertFalse(did(s -> s.settings().beat("stamp", seen.leader())));
    assertFalse(did(s -> s.settings().resign("stamp", seen.leader())));
    assertTrue(did(s -> s.settings().resign("stamp", "b")));
    assertEquals(Optional.empty(), read(s -> s.settings().lead("stamp")));
  }
}
