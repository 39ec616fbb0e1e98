package dev.millrace.engine.upkeep;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.loop.Deposed;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.service.NoSource;
import dev.millrace.engine.settings.Settings;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class UpkeepTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final AtomicLong nanos = new AtomicLong();
  private Desk desk;
  private Leadership leadership;
  private Upkeep upkeep;
  private PendingUpload upload;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    leadership = new Leadership(h2.database(), "me", nanos::get);
    leadership.tick();
    Settings settings = new Settings(name -> null);
    Removal removal =
        new Removal(h2.database(), desk.blobs, new NoSource(), leadership, desk.clock);
    upkeep = new Upkeep(h2.database(), desk.blobs, removal, leadership, settings, desk.clock);
    ExecutionId id = desk.run(desk.ada, desk.adas).execution().id();
    DatumId datum = new DatumId(desk.ids.next());
    upload =
        new PendingUpload(datum, id, "a.txt", 3, desk.store.id(), "data/" + datum, desk.clock.now);
    h2.database().transact(s -> s.data().insert(upload));
    desk.blobs.held.put(upload.key(), new byte[3]);
  }

  @Test
  void anUploadThatNeverBecameAnOutputGoesADayAfterItsExecutionSettled() {
    pass(Duration.ofDays(3));
    upkeep.tick();
    assertTrue(there(), "the execution still runs");
    settle();
    pass(Duration.ofHours(23));
    upkeep.tick();
    assertTrue(there(), "its signed address may still be in use");
    pass(Duration.ofHours(2));
    upkeep.tick();
    assertFalse(there());
    assertFalse(desk.blobs.held.containsKey(upload.key()));
    upkeep.tick();
  }

  @Test
  void whileTheStoreIsAwayTheRowStays() {
    settle();
    pass(Duration.ofDays(2));
    desk.blobs.away = Optional.of("the store is away");
    upkeep.tick();
    assertTrue(there());
    desk.blobs.away = Optional.empty();
    upkeep.tick();
    assertFalse(there());
  }

  @Test
  void aMasterThatDoesNotLeadRemovesNothing() {
    settle();
    pass(Duration.ofDays(2));
    leadership.close();
    assertThrows(Deposed.class, upkeep::tick);
    assertTrue(there());
    assertTrue(desk.blobs.held.containsKey(upload.key()));
  }

  @Test
  void joinTokensGoADayAfterTheyExpired() {
    JoinToken token =
        new JoinToken(
            new TokenId(desk.ids.next()),
            "aa".repeat(32),
            desk.environment.id(),
            Optional.of("node"),
            desk.clock.now,
            desk.clock.now.plus(JoinToken.LIFE),
            Optional.empty(),
            Optional.empty());
    h2.database()
        .transact(
            s -> {
              s.tokens().insert(token);
              return true;
            });
    pass(Duration.ofHours(24));
    upkeep.tick();
    assertTrue(h2.database().read(s -> s.tokens().joinTokenOf("node")).isPresent());
    pass(Duration.ofHours(2));
    upkeep.tick();
    assertTrue(h2.database().read(s -> s.tokens().joinTokenOf("node")).isEmpty());
  }

  private boolean there() {
    return h2.database().read(s -> s.data().pending(upload.id())).isPresent();
  }

  private void settle() {
    desk.change(
        upload.execution(),
        c ->
            c.status(ExecutionStatus.ERROR)
                .endedAt(desk.clock.now)
                .settledAt(desk.clock.now)
                .withoutLease());
  }

  private void pass(Duration time) {
    desk.clock.now = desk.clock.now.plus(time);
  }
}
