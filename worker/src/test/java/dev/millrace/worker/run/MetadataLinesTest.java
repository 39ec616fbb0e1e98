package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.worker.wire.LogChunk;
import dev.millrace.worker.wire.Wire;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetadataLinesTest {
  private final MetadataLines lines = new MetadataLines(0);
  private final List<Wire.MetadataLine> found = new ArrayList<>();
  private long offset;

  private void take(byte[] bytes) {
    lines.take(new LogChunk(offset, 1_000, bytes), found);
    offset += bytes.length;
  }

  private void take(String text) {
    take(text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> texts() {
    return found.stream().map(line -> line.toString().replaceAll(".*?(\\{.*\\}).*", "$1")).toList();
  }

  @Test
  void anObjectOnALineOfItsOwnIsMetadataHoweverItWasCut() {
    take("hello\n  {\"a\"");
    take(": 1}");
    take("  \r\n{\"b\": 2}");
    assertEquals(1, found.size());
    lines.end(found);
    assertEquals(List.of("{\"a\":1}", "{\"b\":2}"), texts());
    assertEquals(offset, lines.lineStart());
  }

  @Test
  void whatIsNoObjectAloneOnItsLineIsText() {
    for (String line :
        List.of(
            "[1]", "1", "\"a\"", "{", "}", "{}x", "{\"a\": 1} {\"b\": 2}", "{\"a\" 1}", "{]}")) {
      take(line + "\n");
    }
    take(new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe, '"', ':', '1', '}', '\n'});
    assertEquals(List.of(), found);
  }

  @Test
  void aLineThatIsTooLongIsTextAndTheNextOneIsFound() {
    String long1 = "{\"a\": \"" + "x".repeat(MetadataLines.LONGEST) + "\"}";
    for (int at = 0; at < long1.length(); at += 65_536) {
      take(long1.substring(at, Math.min(long1.length(), at + 65_536)));
    }
    take("\n{\"b\": 2}\n");
    assertEquals(List.of("{\"b\":2}"), texts());
  }

  @Test
  void aThousandLevelsAreTextAndAThousandKeysAreMetadata() {
    take("{\"a\":".repeat(5_000) + "1" + "}".repeat(5_000) + "\n");
    assertEquals(List.of(), found);
    StringBuilder keys = new StringBuilder("{\"k\":0");
    for (int i = 0; i < 1_000; i++) {
      keys.append(",\"k").append(i).append("\":").append(i);
    }
    take(keys + "}\n");
    assertEquals(1, found.size());
    assertTrue(found.get(0).toString().contains("\"k999\":999"));
  }

  @Test
  void aLineThatIsTooLongAsItIsSentIsTextAndTheNextOneIsFound() {
    take("{\"w\": [NaN" + ", NaN".repeat(49_999) + "]}\n");
    take("{\"w\": [1e9" + ", 1e9".repeat(49_999) + "]}\n");
    take("{\"b\": 2}\n");
    assertEquals(List.of("{\"b\":2}"), texts());
  }

  @Test
  void aLineThatIsTooDeepIsTextAndTheNextOneIsFound() {
    for (int levels : new int[] {201, 996, 998, 999, 1_000, 1_001, 50_000}) {
      take("{\"a\":" + "[".repeat(levels - 1) + "]".repeat(levels - 1) + "}\n");
    }
    take("{\"a\":" + "[".repeat(199) + "]".repeat(199) + "}\n");
    take("{\"b\": 2}\n");
    assertEquals(2, found.size());
  }
}
