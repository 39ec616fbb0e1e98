package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files found in an outputs folder. */
class OutputListTest {
  @TempDir Path folder;

  private static OutputTree.Entry entry(int number) {
    String name = "föld er/" + "n".repeat(number % 180) + "/file-" + number;
    return new OutputTree.Entry(name, number, number * 2L, -number, number % 2 == 0);
  }

  private static List<OutputTree.Entry> all(OutputList list) {
    List<OutputTree.Entry> found = new ArrayList<>();
    list.forEach(found::add);
    return found;
  }

  @Test
  void manyComeBackAsTheyWentInAlsoTwiceAtOnce() throws IOException {
    Path spill = folder.resolve("list");
    List<OutputTree.Entry> in = new ArrayList<>();
    try (OutputList list = new OutputList(spill, 1_000_000)) {
      for (int i = 0; i < 60_000; i++) {
        in.add(entry(i));
        assertTrue(list.add(entry(i)));
      }
      assertEquals(60_000, list.count());
      var other = list.iterator();
      other.next();
      assertEquals(in, all(list));
      assertEquals(in.get(1), other.next());
      assertEquals(in, all(list));
    }
    assertFalse(Files.exists(spill));
  }

  @Test
  void aFewNeedNoFile() throws IOException {
    try (OutputList list = new OutputList(folder.resolve("no/such/folder"), 10)) {
      assertEquals(List.of(), all(list));
      list.add(entry(3));
      assertEquals(List.of(entry(3)), all(list));
    }
  }

  @Test
  void itHoldsNoMoreThanItsLimitAndSaysSo() throws IOException {
    try (OutputList list = new OutputList(folder.resolve("list"), 2)) {
      assertTrue(list.add(entry(1)));
      assertTrue(list.add(entry(2)));
      assertNull(list.full());
      assertFalse(list.add(entry(3)));
      assertTrue(String.valueOf(list.full()).contains("limit of 1 files"));
      assertEquals(List.of(entry(1), entry(2)), all(list));
    }
  }

  @Test
  void namesThatTakeTooMuchEndIt() throws IOException {
    try (OutputList list = new OutputList(folder.resolve("list"), Long.MAX_VALUE)) {
      String deep = ("d".repeat(250) + "/").repeat(90);
      int added = 0;
      while (list.add(new OutputTree.Entry(added + "/" + deep, 0, 0, 0, false))) {
        added++;
      }
      assertTrue(String.valueOf(list.full()).contains("names"));
      assertTrue(added > 10 && added < 100_000, () -> "files: " + list.count());
    }
  }

  @Test
  void aFileThatCannotBeWrittenIsNoEndOfTheList() throws IOException {
    try (OutputList list = new OutputList(folder.resolve("no/such/folder"), Long.MAX_VALUE)) {
      assertThrows(
          IOException.class,
          () -> {
            for (int i = 0; i < 1_000_000; i++) {
              list.add(entry(i));
            }
          });
      assertNull(list.full());
    }
  }
}
