package dev.millrace.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SlowReaderTest {
  private SlowReader reader = SlowReader.FRESH;

  /** Looks each second while the client takes so many bytes a second. */
  private boolean cutWithin(int from, int seconds, long bytesASecond) {
    for (int second = from; second < from + seconds; second++) {
      reader = reader.next(true, second * bytesASecond, second);
      if (reader.slowFor(SlowReader.DEADLINE_SECONDS, second)) {
        return true;
      }
    }
    return false;
  }

  @Test
  void whoTakesNothingIsCutAfterAMinute() {
    assertFalse(cutWithin(0, 60, 0));
    assertTrue(cutWithin(60, 1, 0));
  }

  @Test
  void whoTakesSlowlyIsCutAndWhoTakesFasterIsNot() {
    assertTrue(cutWithin(0, 62, SlowReader.BYTES_A_SECOND - 1));
    reader = SlowReader.FRESH;
    assertFalse(cutWithin(0, 600, SlowReader.BYTES_A_SECOND));
  }

  @Test
  void whoWasFastAndStopsIsCutToo() {
    assertFalse(cutWithin(0, 61, 100_000));
    long sent = reader.bytes();
    boolean cut = false;
    for (int second = 61; second < 200 && !cut; second++) {
      reader = reader.next(true, sent, second);
      cut = reader.slowFor(SlowReader.DEADLINE_SECONDS, second);
    }
    assertTrue(cut);
  }

  @Test
  void whoIsNotWaitedForIsNotSlow() {
    assertFalse(cutWithin(0, 50, 0));
    reader = reader.next(false, 0, 50);
    assertEquals(SlowReader.FRESH, reader);
    assertFalse(cutWithin(51, 50, 0));
  }

  @Test
  void whereManyAreSlowFewSecondsAreEnough() {
    reader = reader.next(true, 0, 0).next(true, 10, 5);
    assertTrue(reader.slowFor(SlowReader.SHORT_DEADLINE_SECONDS, 5));
    assertFalse(reader.next(true, 10_000, 6).slowFor(SlowReader.SHORT_DEADLINE_SECONDS, 6));
  }
}
