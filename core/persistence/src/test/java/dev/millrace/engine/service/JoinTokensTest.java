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
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
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
  private final Map<String, String> settings = new HashMap<>();

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    tokens =
        new JoinTokens(
            h2.database(),
            new Access(),
            new Audit(desk.clock),
            desk.key,
            new Settings(settings::get),
            desk.clock);
  }

  @Test
  void anAdministratorGetsATokenThatIsKeptAsItsHashAndLivesAnHour() {
    JoinTokens.Issued issued = tokens.issue(desk.admin(), "local", JoinToken.LIFE);
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
  void theLineBringsTheTokenByStandardInputAndChecksTheAuthorityByItsHash() throws Exception {
    Actor admin = desk.admin();
    JoinTokens.Issued plain = tokens.issue(admin, "local", JoinToken.LIFE);
    assertEquals(
        "d=$(mktemp -d) && curl -fsS http://127.0.0.1:8000/worker/join/join.sh -o \"$d/join.sh\""
            + " && printf '%s\\n' "
            + plain.text().reveal()
            + " | sh \"$d/join.sh\" --master http://127.0.0.1:8000",
        plain.line().reveal());
    Path ca = Files.writeString(folder.resolve("ca.pem"), "-----BEGIN CERTIFICATE-----\n");
    settings.put("millrace.tls.ca", ca.toString());
    settings.put("millrace.worker.url", "https://mill.example/");
    String line = tokens.issue(admin, "local", JoinToken.LIFE).line().reveal();
    assertTrue(
        line.startsWith("d=$(mktemp -d) && curl -fsSk https://mill.example/worker/join/ca.pem -o"),
        line);
    assertTrue(line.contains(sha256(ca) + "  $d/ca.pem\" | sha256sum -c --quiet - && curl"), line);
    assertTrue(line.endsWith(" --master https://mill.example --ca-file \"$d/ca.pem\""), line);
    settings.put("millrace.tls.ca", folder.resolve("none.pem").toString());
    assertThrows(Unavailable.class, () -> tokens.issue(admin, "local", JoinToken.LIFE));
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  @Test
  void itsAuditEntryNamesTheEnvironmentAndNotTheToken() {
    JoinTokens.Issued issued = tokens.issue(desk.admin(), "local", JoinToken.LIFE);
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
    assertThrows(Denied.class, () -> tokens.issue(desk.ada, "local", JoinToken.LIFE));
    Actor admin = desk.admin();
    assertThrows(NotFound.class, () -> tokens.issue(admin, "none", JoinToken.LIFE));
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
    assertEquals(hers.id(), tokens.issue(desk.ada, "hers", JoinToken.LIFE).environment().id());
    assertThrows(NotFound.class, () -> tokens.issue(desk.bob, "hers", JoinToken.LIFE));
  }

  @Test
  void aTokenMayLiveShorterButNoLonger() {
    Actor admin = desk.admin();
    Duration minute = Duration.ofMinutes(1);
    assertEquals(desk.clock.now.plus(minute), tokens.issue(admin, "local", minute).expiresAt());
    for (Duration life : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofHours(2))) {
      assertThrows(Invalid.class, () -> tokens.issue(admin, "local", life));
    }
  }
}
