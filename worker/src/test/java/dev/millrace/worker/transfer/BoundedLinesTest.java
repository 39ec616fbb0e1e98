package dev.millrace.worker.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lines of files that may be of any length. */
class BoundedLinesTest {

  private static List<String> lines(InputStream in, int longest) throws IOException {
    BoundedLines lines = new BoundedLines(in, longest);
    List<String> found = new ArrayList<>();
    while (lines.next()) {
      String text = new String(lines.bytes(), 0, lines.length(), StandardCharsets.UTF_8);
      found.add(lines.offset() + ":" + (lines.tooLong() ? "too long" : text));
    }
    return found;
  }

  private static InputStream text(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void linesHaveTheirPlacesAndTheLastOneNeedsNoEnd() throws IOException {
    assertEquals(List.of("0:a", "2:", "3:bä", "7:c"), lines(text("a\n\nbä\nc"), 10));
    assertEquals(List.of("0:a"), lines(text("a\n"), 10));
    assertTrue(lines(text(""), 10).isEmpty());
  }

  @Test
  void aLineOverTheLimitIsPassedOverAndTheNextOneIsWhole() throws IOException {
    String longest = "x".repeat(100_000);
    assertEquals(
        List.of("0:" + longest, "100001:next", "100006:too long", "200008:last"),
        lines(text(longest + "\nnext\n" + longest + "y\nlast"), 100_000));
  }

  @Test
  void ofOneLineOfAnyLengthNothingIsHeld() throws IOException {
    long size = 400L << 20;
    InputStream zeros =
        new InputStream() {
          private long left = size;

          @Override
          public int read() {
            return left-- > 0 ? 0 : -1;
          }

          @Override
          public int read(byte[] bytes, int from, int length) {
            if (left <= 0) {
              return -1;
            }
            int n = (int) Math.min(left, length);
            left -= n;
            return n;
          }
        };
    BoundedLines lines = new BoundedLines(zeros, 1 << 20);
    assertTrue(lines.next());
    assertTrue(lines.tooLong());
    assertTrue(lines.bytes().length <= 1 << 20);
    assertFalse(lines.next());
  }
}
