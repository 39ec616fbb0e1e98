package dev.millrace.engine.logs;

import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** The records of a sealed log, from the start of a member on. */
final class SealedRecords implements AutoCloseable {
  private final BufferedReader lines;

  SealedRecords(InputStream file) throws IOException {
    this.lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(new Whole(file), 1 << 16), StandardCharsets.UTF_8));
  }

  /** The next record; null at the end. */
  @Nullable LogRecord next() throws IOException {
    String line = lines.readLine();
    return line == null ? null : RecordJson.read(line);
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  /** GZIPInputStream looks for a next member only where more bytes seem to be available. */
  private static final class Whole extends FilterInputStream {
    Whole(InputStream in) {
      super(in);
    }

    @Override
    public int available() throws IOException {
      return Math.max(1, super.available());
    }
  }
}
