package dev.millrace.engine.logs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.persistence.H2Database;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.ByteRange;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class SealingTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private final Settings settings = new Settings(name -> null);
  private Desk desk;
  private FileLogs live;
  private ExecutionId id;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    live = new FileLogs(folder.resolve("logs"), desk.clock);
    id = desk.run(desk.ada, desk.adas).execution().id();
    byte[] text = "one\ntwo\n".getBytes(StandardCharsets.UTF_8);
    live.append(id, LogStream.STDOUT, 0, desk.clock.now, text);
    desk.change(
        id,
        c ->
            c.status(ExecutionStatus.COMPLETE)
                .endedAt(desk.clock.now)
                .settledAt(desk.clock.now)
                .logLengths(new LogLengths(text.length, 0, 0)));
    pass(Duration.ofSeconds(5));
  }

  @Test
  void aSealedLogReadsLikeTheLiveOneWhichIsForgotten() {
    List<String> before = lines();
    assertEquals(List.of("one", "two"), before);
    sealing(live, desk.blobs).tick();
    assertTrue(row().log().isPresent());
    assertEquals(List.of(), live.all());
    assertEquals(before, lines());
  }

  @Test
  void aDeathBetweenLogAndIndexLosesNothing() {
    Sealing dying = sealing(live, new DyingBlobs(desk.blobs, 2));
    assertThrows(Killed.class, dying::tick);
    assertTrue(row().log().isEmpty());
    assertEquals(List.of(id), live.all());
    // What the master said meanwhile makes the second seal another one than the first.
    live.note(id, "after the restart");
    sealing(restarted(), desk.blobs).tick();
    assertEquals(List.of("one", "two", "after the restart"), lines());
  }

  @Test
  void aDeathBetweenUploadAndRowSealsAgain() {
    Sealing dying = new Sealing(dyingAtTheCommit(), live, desk.blobs, settings, desk.clock, false);
    assertThrows(Killed.class, dying::tick);
    assertTrue(row().log().isEmpty());
    assertEquals(List.of(id), live.all());
    sealing(restarted(), desk.blobs).tick();
    assertTrue(row().log().isPresent());
    assertEquals(List.of("one", "two"), lines());
  }

  @Test
  void aDeathBetweenRowAndForgettingLeavesNoFiles() {
    sealing(live, desk.blobs).tick();
    live.note(id, "as if it had not been removed");
    assertEquals(List.of(id), live.all());
    FileLogs again = restarted();
    sealing(again, desk.blobs).tick();
    assertEquals(List.of(), again.all());
    assertEquals(List.of("one", "two"), lines());
  }

  @Test
  void whileTheStoreIsAwayTheLogStaysAndIsRead() {
    desk.blobs.away = Optional.of("away");
    sealing(live, desk.blobs).tick();
    assertTrue(row().log().isEmpty());
    assertEquals(List.of("one", "two"), lines());
    desk.blobs.away = Optional.empty();
    sealing(live, desk.blobs).tick();
    assertTrue(row().log().isPresent());
  }

  @Test
  void aMasterWithoutTheLiveLogLeavesTheSealToTheOneThatHasIt() {
    FileLogs elsewhere = new FileLogs(folder.resolve("other"), desk.clock);
    sealing(elsewhere, desk.blobs).tick();
    assertTrue(row().log().isEmpty());
    // The worker was there for a while, and then sent all of it to the other.
    elsewhere.append(
        id, LogStream.STDOUT, 0, desk.clock.now, "one\n".getBytes(StandardCharsets.UTF_8));
    sealing(elsewhere, desk.blobs).tick();
    assertTrue(row().log().isEmpty());
    sealing(live, desk.blobs).tick();
    assertEquals(List.of("one", "two"), lines());
  }

  @Test
  void aLogThatNoMasterHasIsSealedWithAGapMarkInTheEnd() {
    FileLogs elsewhere = new FileLogs(folder.resolve("other"), desk.clock);
    pass(Duration.ofMinutes(11));
    sealing(elsewhere, desk.blobs).tick();
    assertTrue(row().log().isPresent());
    assertEquals(List.of("The log is lost: no master has it any more."), lines());
  }

  @Test
  void theMastersLastWordsAreWaitedFor() {
    ExecutionId fresh = desk.run(desk.ada, desk.adas).execution().id();
    desk.change(
        fresh,
        c -> c.status(ExecutionStatus.ERROR).endedAt(desk.clock.now).settledAt(desk.clock.now));
    sealing(live, desk.blobs).tick();
    live.note(fresh, "The worker was lost.");
    pass(Duration.ofSeconds(3));
    sealing(live, desk.blobs).tick();
    assertEquals(List.of("The worker was lost."), lines(fresh));
    assertFalse(live.all().contains(fresh));
  }

  private Database dyingAtTheCommit() {
    return new Database() {
      @Override
      public <T> T transact(Work<T> work) {
        throw new Killed();
      }

      @Override
      public <T> T read(Work<T> work) {
        return h2.database().read(work);
      }

      @Override
      public boolean answers() {
        return true;
      }
    };
  }

  private Sealing sealing(FileLogs logs, Blobs blobs) {
    return new Sealing(h2.database(), logs, blobs, settings, desk.clock, false);
  }

  private FileLogs restarted() {
    return new FileLogs(folder.resolve("logs"), desk.clock);
  }

  private Execution row() {
    return row(id);
  }

  private Execution row(ExecutionId of) {
    return h2.database().read(s -> s.executions().find(new Scope.Everything(), of)).orElseThrow();
  }

  private List<String> lines() {
    return lines(id);
  }

  private List<String> lines(ExecutionId of) {
    List<String> lines = new ArrayList<>();
    try (LogView view =
        new Logs(h2.database(), restarted(), desk.blobs)
            .open(row(of), 0, EnumSet.allOf(LogStream.class))) {
      view.forEach(line -> lines.add(line.message()));
    }
    return lines;
  }

  private void pass(Duration time) {
    desk.clock.now = desk.clock.now.plus(time);
  }

  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Dies at the n-th write. */
  private static final class DyingBlobs implements Blobs {
    private final Blobs real;
    private int left;

    private DyingBlobs(Blobs real, int at) {
      this.real = real;
      this.left = at;
    }

    @Override
    public Blob write(DataStore store, String key, InputStream body, long bytes) {
      if (--left == 0) {
        throw new Killed();
      }
      return real.write(store, key, body, bytes);
    }

    @Override
    public Optional<String> missing(DataStore store) {
      return real.missing(store);
    }

    @Override
    public Optional<Blob> stat(DataStore store, String key) {
      return real.stat(store, key);
    }

    @Override
    public Optional<InputStream> read(DataStore store, String key, ByteRange range) {
      return real.read(store, key, range);
    }

    @Override
    public void ensure(DataStore store, String key, Path file) {
      real.ensure(store, key, file);
    }

    @Override
    public void delete(DataStore store, String key) {
      real.delete(store, key);
    }
  }
}
