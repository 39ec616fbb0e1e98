package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class JoinTokensTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private JoinTokens tokens;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    tokens =
        new JoinTokens(h2.database(), new Access(), new Audit(desk.clock), desk.key, desk.clock);
  }

  @Test
  void anAdministratorGetsATokenThatIsKeptAsItsHashAndLivesAnHour() {
    JoinTokens.Issued issued = tokens.issue(desk.admin(), "local");
    JoinToken kept =
        h2.database()
            .read(s -> s.tokens().joinTokenByHash(InstallationKey.hash(issued.text())))
            .orElseThrow();
    assertEquals(desk.environment.id(), kept.group());
    assertEquals(desk.clock.now.plus(Duration.ofHours(1)), kept.expiresAt());
    assertEquals(kept.expiresAt(), issued.expiresAt());
    assertTrue(kept.usedNonce().isEmpty());
    assertFalse(issued.toString().contains(issued.text().reveal()));
  }

  @Test
  void itsAuditEntryNamesTheEnvironmentAndNotTheToken() {
    JoinTokens.Issued issued = tokens.issue(desk.admin(), "local");
    List<AuditEntry> entries =
        h2.database()
            .read(
                s ->
                    s.audit()
                        .list(Optional.of("environment:" + desk.environment.id()), Slice.first(10))
                        .items());
    assertEquals(1, entries.size());
    assertEquals("join_token.create", entries.get(0).action());
    assertFalse(entries.toString().contains(issued.text().reveal()));
    assertFalse(entries.toString().contains(InstallationKey.hash(issued.text())));
  }

  @Test
  void nobodyElseLetsMachinesJoinASharedEnvironment() {
    assertThrows(Denied.class, () -> tokens.issue(desk.ada, "local"));
    Actor admin = desk.admin();
    assertThrows(NotFound.class, () -> tokens.issue(admin, "none"));
  }

  @Test
  void anOwnersEnvironmentIsTheOwnersAndUnknownToOthers() {
    OwnerId ada = desk.adas.owner();
    Environment hers = desk.owned(desk.environment("hers"), ada);
    h2.database()
        .transact(
            s -> {
              s.environments().insert(hers);
              return true;
            });
    assertEquals(hers.id(), tokens.issue(desk.ada, "hers").environment().id());
    assertThrows(NotFound.class, () -> tokens.issue(desk.bob, "hers"));
  }
}
