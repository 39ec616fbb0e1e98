package dev.millrace.worker.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputCacheTest {
  private static final int KIB = 1024;

  @TempDir Path dir;
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  private InputCache cache(long limit) throws IOException {
    return new InputCache(
        Files.createDirectories(dir.resolve("cache")), limit, 100, new TestClock());
  }

  /** Time is what the test says. */
  private final class TestClock extends Clock {
    @Override
    public java.time.ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(java.time.ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  /** Fetches an input of that text for a run; answers the run's own file. */
  private Path put(InputCache cache, String owner, String text) throws IOException {
    now = now.plusSeconds(60);
    Path part = cache.scratch();
    Files.writeString(part, text.repeat(KIB));
    Path target = dir.resolve("run-" + owner + text);
    cache.put(owner, hashes(text), part, target);
    Files.setLastModifiedTime(target, java.nio.file.attribute.FileTime.from(now));
    return target;
  }

  private static Hashes hashes(String text) {
    Hashes.Running running = new Hashes.Running();
    byte[] bytes = text.repeat(KIB).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    running.update(bytes, 0, bytes.length);
    return running.finish();
  }

  private boolean has(InputCache cache, String owner, String text) throws IOException {
    now = now.plusSeconds(60);
    Path target = dir.resolve("look");
    boolean there = cache.take(owner, hashes(text).sha256(), target).isPresent();
    Files.deleteIfExists(target);
    return there;
  }

  @Test
  void whatWasNotUsedForLongestGoesFirstButNeverWhatARunHolds() throws IOException {
    InputCache cache = cache(3 * KIB);
    Path held = put(cache, "ada", "a");
    Files.delete(put(cache, "ada", "b"));
    Files.delete(put(cache, "ada", "c"));
    assertTrue(has(cache, "ada", "b"), "it is used once more, and so later than c");
    Files.delete(put(cache, "ada", "d"));
    assertTrue(has(cache, "ada", "a"), "a run holds it");
    assertTrue(has(cache, "ada", "b"));
    assertFalse(has(cache, "ada", "c"));
    assertTrue(has(cache, "ada", "d"));
    assertEquals(KIB, Files.size(held));
  }

  @Test
  void anOwnerIsNotGivenWhatAnotherHas() throws IOException {
    InputCache cache = cache(10 * KIB);
    put(cache, "ada", "a");
    assertFalse(has(cache, "bob", "a"));
    assertTrue(has(cache, "ada", "a"));
  }

  @Test
  void aDamagedInputIsDroppedWhenItIsTaken() throws IOException {
    InputCache cache = cache(10 * KIB);
    Path target = put(cache, "ada", "a");
    target.toFile().setWritable(true);
    Files.writeString(target, "x".repeat(KIB));
    assertFalse(has(cache, "ada", "a"));
    put(cache, "ada", "a");
    assertTrue(has(cache, "ada", "a"));
  }

  @Test
  void roomIsMadeOfWhatNoRunHoldsAndOfNoMoreThanIsNeeded() throws IOException {
    InputCache cache = cache(10 * KIB);
    put(cache, "ada", "a");
    Files.delete(put(cache, "ada", "b"));
    Files.delete(put(cache, "ada", "c"));
    cache.makeRoom(KIB);
    assertFalse(has(cache, "ada", "b"));
    assertTrue(has(cache, "ada", "c"));
    cache.makeRoom(100 * KIB);
    assertFalse(has(cache, "ada", "c"));
    assertTrue(has(cache, "ada", "a"), "a run holds it");
  }

  @Test
  void whatADeadWorkerHadHalfLoadedIsRemoved() throws IOException {
    Path part = cache(10 * KIB).scratch();
    assertTrue(Files.exists(part));
    cache(10 * KIB);
    assertFalse(Files.exists(part));
  }
}
