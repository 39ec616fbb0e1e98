package dev.millrace.engine.logs;

import dev.millrace.engine.domain.LogLengths;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a sealed log: gzip members one after another, so that any gunzip reads it, each of at most
 * 10,000 records and 1 MiB before compression (one record more where it is longer than that).
 */
final class SealedFile implements AutoCloseable {
  private static final int MEMBER_RECORDS = 10_000;
  private static final int MEMBER_BYTES = 1 << 20;

  private final OutputStream file;
  private final Counting counting;
  private final List<LogIndex.Member> members = new ArrayList<>();
  private @Nullable GZIPOutputStream member;
  private Map<String, Long> inMember = new TreeMap<>();
  private int memberRecords;
  private int memberBytes;
  private long memberAt;
  private long memberTime;
  private long records;

  SealedFile(Path path) throws IOException {
    this.file = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
    this.counting = new Counting(file);
  }

  void add(LogRecord record) throws IOException {
    byte[] json = RecordJson.write(record);
    if (member != null
        && (memberRecords >= MEMBER_RECORDS || memberBytes + json.length > MEMBER_BYTES)) {
      endMember();
    }
    GZIPOutputStream to = member;
    if (to == null) {
      // The constructor writes the member's header.
      memberAt = counting.written;
      to = new GZIPOutputStream(counting, 1 << 13);
      member = to;
      memberTime = record.micros();
    }
    to.write(json);
    memberRecords++;
    memberBytes += json.length;
    inMember.merge(record.source().stream.word(), 1L, Long::sum);
    records++;
  }

  /** Ends the last member and says what was written. */
  LogIndex finish(LogLengths lengths) throws IOException {
    endMember();
    if (members.isEmpty()) {
      // A log without a line is one empty member, so that gunzip reads it too.
      new GZIPOutputStream(counting, 512).close();
    }
    file.flush();
    return new LogIndex(LogIndex.VERSION, records, lengths, members);
  }

  private void endMember() throws IOException {
    if (member == null) {
      return;
    }
    // Not only finished: each holds memory outside of the heap until it is closed.
    member.close();
    members.add(
        new LogIndex.Member(memberAt, records - memberRecords, memberTime, Map.copyOf(inMember)));
    member = null;
    inMember = new TreeMap<>();
    memberRecords = 0;
    memberBytes = 0;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /** Counts what goes to the file, and stays open when a member is closed. */
  private static final class Counting extends OutputStream {
    private final OutputStream to;
    private long written;

    Counting(OutputStream to) {
      this.to = to;
    }

    @Override
    public void write(int b) throws IOException {
      to.write(b);
      written++;
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      to.write(bytes, from, length);
      written += length;
    }

    @Override
    public void close() {
      // The next member follows.
    }
  }
}
