package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Passwords and tokens, and how long they open the door. */
class LoginsTest {
  private static final Secret RIGHT = Secret.of("a long enough password");
  private static final Secret WRONG = Secret.of("another long password");
  private static final String HERE = "127.0.0.1";

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Tokens tokens;
  private Logins logins;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    tokens = new Tokens(desk.database, desk.access, new Audit(desk.clock), desk.clock);
    Passwords passwords = new Passwords();
    logins = new Logins(desk.database, passwords, tokens, desk.clock);
    desk.database.transact(
        s -> {
          s.owners().setPasswordHash(Desk.id(desk.ada), passwords.hash(RIGHT));
          s.owners().setPasswordHash(Desk.id(desk.bob), passwords.hash(RIGHT));
          return true;
        });
  }

  /** As if so many attempts had been made: each takes its time. */
  private void failed(String key, int times) {
    desk.database.transact(
        s -> {
          for (int i = 0; i < times; i++) {
            s.attempts().add(key, desk.clock.now);
          }
          return true;
        });
  }

  @Test
  void theEleventhWrongPasswordOfAnAccountIsNotLookedAtAndNeitherIsTheRightOne() {
    failed("account:ada", Logins.MOST_FOR_ACCOUNT - 1);
    assertThrows(Invalid.class, () -> logins.check("ada", WRONG, "10.0.0.1"));
    assertThrows(TooMany.class, () -> logins.check("ada", RIGHT, HERE));
    assertEquals("bob", logins.check("bob", RIGHT, HERE).name(), "others are not shut out");
    desk.clock.now = desk.clock.now.plus(Logins.WINDOW).plus(Duration.ofSeconds(1));
    assertEquals("ada", logins.check("ada", RIGHT, HERE).name());
  }

  @Test
  @Timeout(300)
  void ofManyAttemptsAtOnceNoMoreAreLookedAtThanAnAccountStands() throws Exception {
    int many = 24;
    AtomicInteger lookedAt = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(many);
    try {
      CyclicBarrier start = new CyclicBarrier(many);
      List<Future<?>> tries = new ArrayList<>();
      for (int i = 0; i < many; i++) {
        // Each on a master of its own: no monitor is shared.
        Logins own = new Logins(desk.database, new Passwords(), tokens, desk.clock);
        String address = "10.0.1." + i;
        tries.add(
            threads.submit(
                () -> {
                  start.await();
                  try {
                    own.check("ada", WRONG, address);
                  } catch (Invalid e) {
                    lookedAt.incrementAndGet();
                  } catch (TooMany e) {
                    // Not looked at.
                  }
                  return true;
                }));
      }
      for (Future<?> one : tries) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertTrue(lookedAt.get() <= Logins.MOST_FOR_ACCOUNT, lookedAt + " were looked at");
  }

  @Test
  void oneAddressThatTriesManyAccountsIsShutOut() {
    failed("address:10.0.0.1", Logins.MOST_FOR_ADDRESS - 1);
    assertThrows(Invalid.class, () -> logins.check("nobody", WRONG, "10.0.0.1"));
    assertThrows(TooMany.class, () -> logins.check("ada", RIGHT, "10.0.0.1"));
    assertEquals("ada", logins.check("ada", RIGHT, HERE).name());
  }

  @Test
  void aTokenOpensTheDoorUntilItIsRevokedOrItsTimeIsOver() {
    Tokens.Made made =
        tokens.make(desk.ada, Optional.empty(), "short", Optional.of(Duration.ofHours(1)));
    Tokens.Made other = tokens.make(desk.ada, Optional.empty(), "other", Optional.empty());
    assertEquals("ada", tokens.authenticate(made.text().reveal(), HERE).user().name());
    tokens.revoke(desk.ada, other.token().id());
    Unauthenticated gone =
        assertThrows(Unauthenticated.class, () -> tokens.authenticate(other.text().reveal(), HERE));
    assertEquals("authentication_failed", gone.code());
    desk.clock.now = desk.clock.now.plus(Duration.ofHours(1));
    Unauthenticated old =
        assertThrows(Unauthenticated.class, () -> tokens.authenticate(made.text().reveal(), HERE));
    assertEquals("token_expired", old.code());
  }

  @Test
  void tokensAreTheirUsersAlone() {
    OwnerId bob = Desk.id(desk.bob);
    Tokens.Made bobs = tokens.make(desk.bob, Optional.empty(), "bobs", Optional.empty());
    assertThrows(NotFound.class, () -> tokens.revoke(desk.ada, bobs.token().id()));
    assertThrows(Denied.class, () -> tokens.list(desk.ada, Optional.of(bob)));
    assertThrows(
        Denied.class, () -> tokens.make(desk.ada, Optional.of(bob), "hers", Optional.empty()));
    Actor.Person person = tokens.authenticate(bobs.text().reveal(), HERE);
    assertEquals(bob, person.user().id());
  }
}
