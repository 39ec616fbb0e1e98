package dev.millrace.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class SlowSenderTest {
  private static final int NEVER = -1;

  /** The second in which a client is cut whose connection has so many bytes in each second. */
  private static int cut(LongUnaryOperator requests, LongUnaryOperator bytes) {
    SlowSender sender = SlowSender.FRESH;
    for (int second = 1; second <= 600; second++) {
      sender = sender.next(requests.applyAsLong(second), bytes.applyAsLong(second), second);
      if (sender.tooSlow(second)) {
        return second;
      }
    }
    return NEVER;
  }

  @Test
  void headersByteByByteAreCut() {
    assertEquals(31, cut(second -> 0, second -> second));
  }

  @Test
  void aBodyByteByByteIsCutAlsoAfterOtherRequests() {
    assertEquals(141, cut(second -> second < 110 ? second / 10 : 11, second -> 500 + second));
  }

  @Test
  void aByteNowAndThenIsCut() {
    assertEquals(300, cut(second -> 1, second -> 500 + second / 100));
  }

  @Test
  void whoeverSendsEnoughOrWaitsStays() {
    assertEquals(NEVER, cut(second -> 1, second -> second * 2_000));
    assertEquals(NEVER, cut(second -> 1, second -> second < 3 ? second * 200 : 600));
    assertEquals(NEVER, cut(second -> second / 30, second -> second / 30 * 700));
    assertEquals(NEVER, cut(second -> 1, second -> Math.min(second, 20) * 100_000));
  }
}
