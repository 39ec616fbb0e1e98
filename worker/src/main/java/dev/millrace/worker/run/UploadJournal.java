package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Remembers which file has which upload id, and which are recorded, over a worker's death. */
final class UploadJournal {

  private record Line(String uploadId, String path, long size, long modified, boolean done) {
    String key() {
      return path + "\n" + size + "\n" + modified;
    }
  }

  private final Path file;
  private final ObjectMapper json;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Line> known = new HashMap<>();

  UploadJournal(Path file, ObjectMapper json, Clock clock) throws IOException {
    this.file = file;
    this.json = json;
    this.clock = clock;
    if (Files.exists(file)) {
      for (String text : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        try {
          Line line = json.readValue(text, Line.class);
          known.put(line.key(), line);
        } catch (JsonProcessingException e) {
          // The last line of a worker that died: its file gets another id.
        }
      }
    }
  }

  /** The id under which this file is uploaded, the same one when asked again. */
  synchronized String id(OutputTree.Entry entry) throws IOException {
    Line line = known.get(line("", entry, false).key());
    if (line == null) {
      line = line(uuid7(), entry, false);
      add(line);
    }
    return line.uploadId();
  }

  /** Whether the master has recorded this file. */
  synchronized boolean done(OutputTree.Entry entry) {
    Line line = known.get(line("", entry, false).key());
    return line != null && line.done();
  }

  /** The master has recorded this file. */
  synchronized void finished(OutputTree.Entry entry) throws IOException {
    add(line(id(entry), entry, true));
  }

  private static Line line(String id, OutputTree.Entry entry, boolean done) {
    return new Line(id, entry.path(), entry.size(), entry.modifiedMicros(), done);
  }

  private void add(Line line) throws IOException {
    known.put(line.key(), line);
    Files.writeString(
        file,
        json.writeValueAsString(line) + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private String uuid7() {
    long high = clock.millis() << 16 | 0x7000 | random.nextInt(0x1000);
    long low = random.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
    return new UUID(high, low).toString();
  }
}
