package dev.millrace.engine.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {

  @ParameterizedTest
  @CsvSource({
    "60 minutes,3600",
    "1h10m,4200",
    "2w,1209600",
    "1.5d,129600",
    "1.5d 2hoers,136800",
    "1 h,3600",
    "10m10m,1200",
    "1h 30m 5s,5405",
    "48h,172800",
    "about 5m or so,300",
    "-5m,300",
    "0.5s,1",
    "'  ',0",
    "'',0"
  })
  void partsAreSummed(String text, long seconds) {
    assertEquals(seconds, Durations.seconds(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "0s", "5x", "1.2.3h", "60", "1h 30", "1H", "99999999999999w"})
  void whatIsNoDurationIsRefusedWithTheRemedy(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> Durations.seconds(text));
    assertTrue(e.getMessage().contains("1h 30m"), e.getMessage());
  }

  @Test
  void aVeryLongTextIsRefusedAtOnce() {
    assertThrows(IllegalArgumentException.class, () -> Durations.seconds("9".repeat(1_000_000)));
  }
}
