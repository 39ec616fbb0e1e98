package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StandingTest {
  private static final Object KEY = "(dev=1,ino=7)";
  private final AtomicLong nanos = new AtomicLong(1);
  private OpenFiles.Seen seen = new OpenFiles.Seen(Set.of(), Set.of(), true);
  private final Standing standing = new Standing(Standing.Times.STANDARD, () -> seen, nanos::get);

  @Test
  void aFileIsWholeWhenItHasStoodStill() throws IOException {
    assertFalse(after(0, 10, 1));
    assertFalse(after(2, 10, 1));
    assertFalse(after(2, 20, 2), "it has grown");
    assertFalse(after(2, 20, 2));
    assertTrue(after(2, 20, 2));
  }

  @Test
  void aFileThatSomebodyHasOpenIsNotWholeHoweverStillItStands() throws IOException {
    seen = new OpenFiles.Seen(Set.of(KEY), Set.of(), true);
    assertFalse(after(0, 10, 1));
    assertFalse(after(600, 10, 1));
    seen = new OpenFiles.Seen(Set.of(), Set.of(7L), true);
    assertFalse(after(600, 10, 1), "it is mapped");
    seen = new OpenFiles.Seen(Set.of(), Set.of(8L), true);
    assertTrue(after(600, 10, 1));
  }

  @Test
  void whereNobodyCanBeLookedAtItStandsLonger() throws IOException {
    seen = new OpenFiles.Seen(Set.of(), Set.of(), false);
    assertFalse(after(0, 10, 1));
    assertFalse(after(9, 10, 1));
    assertTrue(after(3, 10, 1));
  }

  private boolean after(long seconds, long size, long modified) throws IOException {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
    standing.begin();
    return standing.whole(new OutputTree.Entry("a", size, 0, modified, true), KEY);
  }
}
