package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker remembers of uploads. */
class UploadJournalTest {
  @TempDir Path folder;

  private UploadJournal journal() throws IOException {
    return new UploadJournal(
        folder.resolve("uploads.jsonl"), new ObjectMapper(), Clock.systemUTC());
  }

  private static OutputTree.Entry entry(int number) {
    return new OutputTree.Entry("f" + number, number, 0, number, false);
  }

  @Test
  void idsAndWhatIsRecordedAreTheSameForTheNextWorker() throws IOException {
    UploadJournal first = journal();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      ids.add(first.id(entry(i)));
      if (i % 3 == 0) {
        first.finished(entry(i));
      }
    }
    assertEquals(2_000, new HashSet<>(ids).size());
    Files.writeString(folder.resolve("uploads.jsonl"), "{\"upl", StandardOpenOption.APPEND);
    UploadJournal second = journal();
    for (int i = 0; i < 2_000; i++) {
      assertEquals(ids.get(i), second.id(entry(i)));
      assertEquals(i % 3 == 0, second.done(entry(i)));
    }
    assertFalse(second.done(new OutputTree.Entry("f0", 1, 0, 0, false)));
    String after = second.id(entry(2_000));
    assertEquals(after, journal().id(entry(2_000)));
  }

  @Test
  void whatCouldNotBeWrittenIsNotKnown() throws IOException {
    Path file = folder.resolve("uploads.jsonl");
    Files.createSymbolicLink(file, folder.resolve("later/uploads"));
    UploadJournal journal = journal();
    assertThrows(IOException.class, () -> journal.finished(entry(1)));
    assertFalse(journal.done(entry(1)));
    Files.createDirectory(folder.resolve("later"));
    String id = journal.id(entry(1));
    assertEquals(id, journal().id(entry(1)));
  }
}
