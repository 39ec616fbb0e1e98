package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.transfer.BoundedLines;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.BitSet;
import java.util.UUID;

/**
 * Remembers which file has which upload id, and which are recorded, over a worker's death. Of each
 * file some 32 bytes are held: a hash of what it is known by, its id, and whether it is recorded.
 */
final class UploadJournal {
  private static final int LONGEST = 1 << 18;

  private record Line(String uploadId, String path, long size, long modified, boolean done) {
    long print() {
      return Fingerprints.of(path + "\n" + size + "\n" + modified);
    }
  }

  private final Path file;
  private final ObjectMapper json;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private long[] prints = new long[256];
  private long[] ids = new long[512];
  private BitSet done = new BitSet();
  private int known;

  /** Whether the last line may have no end: of a worker that died, or of a disk that was full. */
  private boolean torn;

  UploadJournal(Path file, ObjectMapper json, Clock clock) throws IOException {
    this.file = file;
    this.json = json;
    this.clock = clock;
    if (Files.exists(file)) {
      torn = true;
      try (InputStream in = Files.newInputStream(file)) {
        BoundedLines lines = new BoundedLines(in, LONGEST);
        while (lines.next()) {
          take(lines);
        }
      }
    }
  }

  private void take(BoundedLines lines) throws IOException {
    try {
      Line line = json.readValue(lines.bytes(), 0, lines.length(), Line.class);
      remember(line);
    } catch (JsonProcessingException e) {
      // The last line of a worker that died: its file gets another id.
    }
  }

  /** The id under which this file is uploaded, the same one when asked again. */
  synchronized String id(OutputTree.Entry entry) throws IOException {
    int slot = slot(line("", entry, false).print());
    if (prints[slot] == 0) {
      Line line = line(uuid7(), entry, false);
      add(line);
      return line.uploadId();
    }
    return new UUID(ids[2 * slot], ids[2 * slot + 1]).toString();
  }

  /** Whether the master has recorded this file. */
  synchronized boolean done(OutputTree.Entry entry) {
    int slot = slot(line("", entry, false).print());
    return prints[slot] != 0 && done.get(slot);
  }

  /** The master has recorded this file. */
  synchronized void finished(OutputTree.Entry entry) throws IOException {
    add(line(id(entry), entry, true));
  }

  private static Line line(String id, OutputTree.Entry entry, boolean done) {
    return new Line(id, entry.path(), entry.size(), entry.modifiedMicros(), done);
  }

  /** What could not be written is not known: the next worker would not know it either. */
  private void add(Line line) throws IOException {
    String text = (torn ? "\n" : "") + json.writeValueAsString(line) + "\n";
    torn = true;
    Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    torn = false;
    remember(line);
  }

  private void remember(Line line) {
    UUID id = UUID.fromString(line.uploadId());
    if (known * 4L >= prints.length * 3L) {
      grow();
    }
    put(line.print(), id.getMostSignificantBits(), id.getLeastSignificantBits(), line.done());
  }

  private void put(long print, long high, long low, boolean recorded) {
    int slot = slot(print);
    known += prints[slot] == 0 ? 1 : 0;
    prints[slot] = print;
    ids[2 * slot] = high;
    ids[2 * slot + 1] = low;
    done.set(slot, recorded);
  }

  private void grow() {
    long[] oldPrints = prints;
    long[] oldIds = ids;
    BitSet oldDone = done;
    prints = new long[oldPrints.length * 2];
    ids = new long[oldIds.length * 2];
    done = new BitSet(prints.length);
    known = 0;
    for (int i = 0; i < oldPrints.length; i++) {
      if (oldPrints[i] != 0) {
        put(oldPrints[i], oldIds[2 * i], oldIds[2 * i + 1], oldDone.get(i));
      }
    }
  }

  private int slot(long print) {
    int slot = (int) print & prints.length - 1;
    while (prints[slot] != 0 && prints[slot] != print) {
      slot = slot + 1 & prints.length - 1;
    }
    return slot;
  }

  private String uuid7() {
    long high = clock.millis() << 16 | 0x7000 | random.nextInt(0x1000);
    long low = random.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
    return new UUID(high, low).toString();
  }
}
