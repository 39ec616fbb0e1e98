package dev.millrace.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.service.Listing;
import dev.millrace.engine.store.DatabaseUnavailable;
import dev.millrace.engine.store.DatabaseUnavailable.Reason;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Rows are read while they are written, and an answer ends when it is long enough. */
class ItemsTest {
  private static final int ROWS = 1_000;
  private static final int STRETCH = 100;

  private final ObjectMapper json = Json.mapper();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<Integer> reads = new ArrayList<>();
  private int failsAt = Integer.MAX_VALUE;

  private Listing<Integer> numbers(Slice slice) {
    int size = Math.min(ROWS - slice.offset(), slice.limit());
    return new Listing<>(
        slice,
        ROWS,
        size,
        from -> {
          reads.add(from);
          if (from >= failsAt) {
            throw new DatabaseUnavailable(Reason.TOO_MANY_LISTS, "no turn");
          }
          List<Integer> rows = new ArrayList<>();
          for (int i = from; i < Math.min(size, from + STRETCH); i++) {
            rows.add(slice.offset() + i);
          }
          return new Stretch<>(rows, rows.size());
        });
  }

  private static Function<Integer, Map<String, Object>> row(int bytes) {
    return n -> Map.of("n", n, "text", "x".repeat(bytes));
  }

  private JsonNode written() throws IOException {
    return json.readTree(out.toByteArray());
  }

  @Test
  void anAnswerEndsWhenItIsLongEnoughAndSaysWhere() throws IOException {
    Items<Map<String, Object>> items = new Items<>(numbers(new Slice(50, 900)), row(1_000));
    JsonStream stream = new JsonStream(json, out, 250_000);
    items.writeSome(stream);
    stream.flush();
    assertEquals(300, written().size());
    assertEquals(50, written().get(0).get("n").intValue());
    assertEquals(349, written().get(299).get("n").intValue());
    assertEquals(350, items.position());
    assertEquals(ROWS, items.total());
    assertEquals(List.of(0, 100, 200), reads);
  }

  @Test
  void anArrayHasAllRows() throws IOException {
    JsonStream stream = new JsonStream(json, out, 10);
    new Items<>(numbers(Slice.first(ROWS)), row(10)).write(stream);
    stream.flush();
    assertEquals(ROWS, written().size());
  }

  @Test
  void onlyOneStretchIsReadAheadOfTheClient() throws IOException {
    List<Integer> readWhenTaken = new ArrayList<>();
    OutputStream slow =
        new OutputStream() {
          @Override
          public void write(int one) {
            throw new AssertionError("written byte by byte");
          }

          @Override
          public void write(byte[] some, int from, int count) {
            readWhenTaken.add(reads.size());
            out.write(some, from, count);
          }
        };
    JsonStream stream = new JsonStream(json, slow, Long.MAX_VALUE);
    new Items<>(numbers(Slice.first(ROWS)), row(1_000)).write(stream);
    stream.flush();
    for (int i = 0; i < readWhenTaken.size(); i++) {
      int stretches = 2 + i * 8_192 / (STRETCH * 1_000);
      assertTrue(readWhenTaken.get(i) <= stretches, i + ": " + readWhenTaken.get(i));
    }
  }

  @Test
  void whatFailsBeforeTheFirstRowIsThrownAtOnce() {
    failsAt = 0;
    assertThrows(DatabaseUnavailable.class, () -> new Items<>(numbers(Slice.first(ROWS)), row(1)));
  }

  @Test
  void whereTheDatabaseGivesNoMoreAPageEndsAndAnArrayBreaksOff() throws IOException {
    failsAt = 300;
    Items<Map<String, Object>> page = new Items<>(numbers(Slice.first(ROWS)), row(1));
    JsonStream stream = new JsonStream(json, out, Long.MAX_VALUE);
    page.writeSome(stream);
    stream.flush();
    assertEquals(300, written().size());
    assertEquals(300, page.position());
    Items<Map<String, Object>> array = new Items<>(numbers(Slice.first(ROWS)), row(1));
    assertThrows(
        DatabaseUnavailable.class, () -> array.write(new JsonStream(json, out, Long.MAX_VALUE)));
  }

  @Test
  void halfACharacterBecomesAMark() throws IOException {
    JsonStream stream = new JsonStream(json, out);
    stream.begin().name("half").value("\ud800.").end().flush();
    assertEquals("{\"half\":\"?.\"}", out.toString(StandardCharsets.UTF_8));
    assertFalse(stream.full());
  }
}
