package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class RegistrationsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;
  private String token;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
    token = yard.joinToken(yard.desk.environment);
  }

  @Test
  void aTokenMakesOneWorkerAndTheSameCallAgainTheSameAnswer() {
    Messages.Registered first = register(token, "nonce");
    Messages.Registered again = register(token, "nonce");
    assertEquals(first.workerId(), again.workerId());
    assertEquals(first.credential(), again.credential());
    assertEquals(401, ClaimsTest.status(() -> register(token, "another")));
    assertEquals(1, workers());
  }

  @Test
  void aTokenIsGoodUntilItsHourIsOver() {
    String other = yard.joinToken(yard.desk.environment);
    yard.desk.clock.now = yard.desk.clock.now.plus(JoinToken.LIFE).minusSeconds(1);
    assertNotEquals("", register(token, "nonce").credential());
    yard.desk.clock.now = yard.desk.clock.now.plus(Duration.ofSeconds(1));
    assertEquals(401, ClaimsTest.status(() -> register(other, "nonce")));
    assertEquals(401, ClaimsTest.status(() -> yard.registrations.release(other)));
    assertEquals(401, ClaimsTest.status(() -> register(token, "nonce")), "not even the same call");
    assertEquals(1, workers());
  }

  @Test
  void whatIsNoTokenOpensNothing() {
    assertEquals(401, ClaimsTest.status(() -> register("guessed", "nonce")));
    assertEquals(401, ClaimsTest.status(() -> yard.registrations.release("guessed")));
    assertEquals(401, ClaimsTest.status(() -> yard.registrations.authenticate("guessed")));
    assertEquals(401, ClaimsTest.status(() -> yard.registrations.authenticate(null)));
    assertEquals(0, workers());
  }

  @Test
  void aWorkerIsKnownByItsCredentialUntilItIsRemoved() {
    Messages.Registered made = register(token, "nonce");
    Worker worker = yard.registrations.authenticate(made.credential());
    assertEquals(made.workerId(), worker.id().toString());
    h2.database()
        .transact(
            s ->
                s.workers()
                    .update(
                        s.workers()
                            .find(WorkerId.parse(made.workerId()))
                            .orElseThrow()
                            .removed(yard.desk.clock.now)));
    assertEquals(401, ClaimsTest.status(() -> yard.registrations.authenticate(made.credential())));
    assertEquals(401, ClaimsTest.status(() -> register(token, "nonce")), "nor made again");
  }

  private Messages.Registered register(String joinToken, String nonce) {
    return yard.registrations.register(Yard.register(joinToken, nonce, "machine"));
  }

  private int workers() {
    return h2.database()
        .read(s -> s.workers().list(Optional.of(yard.desk.environment.id()), 10))
        .size();
  }
}
