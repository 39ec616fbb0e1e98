package dev.millrace.engine.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlReaderTest {

  private static JsonNode value(String text) throws YamlException {
    return YamlReader.read("k: " + text).root().get("k");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "1e-3|\"1e-3\"",
        "1.0e5|\"1.0e5\"",
        "1.0e+5|100000.0",
        "010|8",
        "0o10|\"0o10\"",
        "1_000|1000",
        "1:30|90",
        "y|\"y\"",
        "n|\"n\"",
        "yes|true",
        "on|true",
        "Off|false",
        "~|null",
        "``|null",
        "0x1F|31",
        "0b101|5",
        "-5|-5",
        "+5|5",
        ".5|0.5",
        "1.|1.0",
        "1.5|1.5",
        "-.5|\"-.5\"",
        "true|true",
        "'5'|\"5\"",
        "!!str 5|\"5\"",
        "1:30.5|90.5",
        "99999999999999999999|99999999999999999999",
        "0|0",
        "08|\"08\"",
        "10.0|10.0"
      })
  void plainWordsMeanWhatTheClientsReaderMakesOfThem(String text, String json) throws Exception {
    assertEquals(json, value(text).toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"2020-01-01", "2001-12-14t21:59:43.10-05:00", "2001-12-15 2:59:43"})
  void aDateIsNeitherTextNorNumber(String text) throws Exception {
    assertTrue(value(text).isPojo());
  }

  @ParameterizedTest
  @ValueSource(strings = {"!!int 9", "!!int 1:", "!!int 0x", "!!float 1."})
  void aNumberOfAMillionDigitsIsRefusedAtOnce(String start) {
    YamlException refused =
        assertTimeout(
            Duration.ofSeconds(5),
            () -> assertThrows(YamlException.class, () -> value(start + "1".repeat(1_000_000))));
    assertTrue(refused.getMessage().contains("at most 1000 characters"), refused.getMessage());
  }

  @Test
  void aRepeatedKeyCountsWithItsLastValue() throws Exception {
    assertEquals("{\"a\":2}", YamlReader.read("a: 1\na: 2").root().toString());
  }

  @Test
  void mergesGiveWayToOwnKeysAndEarlierOnesWin() throws Exception {
    String text = "- &a {x: 1, y: 1}\n- &b {x: 2, z: 2}\n- {<<: [*a, *b], y: 3}\n- {<<: *a}";
    assertEquals(
        "[{\"x\":1,\"y\":1},{\"x\":2,\"z\":2},{\"x\":1,\"z\":2,\"y\":3},{\"x\":1,\"y\":1}]",
        YamlReader.read(text).root().toString());
  }

  @Test
  void aByteOrderMarkIsSkipped() throws Exception {
    assertEquals("[]", YamlReader.read("\uFEFF[]").root().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: 1\n---\nb: 2",
        "a: !thing 1",
        "a: *nope",
        "a:\n\t- 1",
        "a: [1",
        "a: =",
        "1: x",
        "a: &a [*a]",
        "<<: 5",
        "a: !!java.net.URL x",
        "a: !!python/object:os.system {}",
        "? [a]\n: 1",
        "a: !!int x"
      })
  void whatIsNoPlainDocumentIsRefusedWithItsPlace(String text) {
    YamlException e = assertThrows(YamlException.class, () -> YamlReader.read(text));
    assertTrue(e.mark().line() > 0, e.getMessage());
    assertTrue(e.getMessage().startsWith("Indentation Error at line"), e.getMessage());
  }

  @Test
  void aControlCharacterIsRefused() {
    assertThrows(YamlException.class, () -> YamlReader.read("a: \u0001"));
  }

  @Test
  void theErrorStandsWhereTheClientsSayIt() {
    YamlException e =
        assertThrows(
            YamlException.class,
            () -> YamlReader.read("- step:\n    name: a\n    image:b\n      command: x\n"));
    assertEquals(4, e.mark().line());
    assertEquals(14, e.mark().column());
  }

  @Test
  void aFewAliasesCannotMakeALargeTree() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    StringBuilder merges = new StringBuilder("m0: &m0 {}\n");
    for (int i = 1; i < 40; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]%n".formatted(i, i, i - 1, i - 1));
      merges.append("m%d: &m%d {<<: [*m%d, *m%d]}%n".formatted(i, i, i - 1, i - 1));
    }
    assertTimeout(
        Duration.ofSeconds(10),
        () -> {
          assertThrows(YamlException.class, () -> YamlReader.read(bomb.toString()));
          assertThrows(YamlException.class, () -> YamlReader.read(merges.toString()));
        });
  }

  @Test
  void depthAndSizeHaveLimits() {
    assertThrows(YamlException.class, () -> YamlReader.read("[".repeat(2000) + "]".repeat(2000)));
    assertThrows(YamlException.class, () -> YamlReader.read("a".repeat((1 << 20) + 1)));
  }

  @Test
  void everyValueRemembersItsPlace() throws Exception {
    YamlTree tree = YamlReader.read("- step:\n    name: a\n    image: b\n");
    assertEquals(new Mark(3, 5), tree.mark("/0/step/image"));
    assertEquals(new Mark(1, 3), tree.mark("/0/step"));
    assertEquals(new Mark(1, 3), tree.mark("/0/step/missing"));
  }
}
