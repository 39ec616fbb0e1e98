package dev.millrace.worker.run;

import dev.millrace.worker.http.HttpBody;
import dev.millrace.worker.transfer.Hashes;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.util.function.BooleanSupplier;

/** The bytes of an output, hashed as they go. What fails in reading is told from what sends. */
final class OutputBody implements HttpBody {
  private final OutputTree tree;
  private final OutputTree.Entry file;
  private final BooleanSupplier cut;
  private final Hashes.Running running = new Hashes.Running();

  OutputBody(OutputTree tree, OutputTree.Entry file, BooleanSupplier cut) {
    this.tree = tree;
    this.file = file;
    this.cut = cut;
  }

  @Override
  public long length() {
    return file.size();
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    running.reset();
    byte[] buffer = new byte[131_072];
    try (SeekableByteChannel in = open()) {
      while (running.size() < file.size()) {
        if (cut.getAsBoolean()) {
          throw new InterruptedIOException("given up when the run was stopped");
        }
        int n = read(in, buffer);
        running.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
    }
  }

  private SeekableByteChannel open() throws SourceException {
    try {
      SeekableByteChannel in = tree.open(file.steps());
      if (in.size() != file.size()) {
        in.close();
        throw SourceException.changed();
      }
      return in;
    } catch (IOException e) {
      throw SourceException.of(e);
    }
  }

  private int read(SeekableByteChannel in, byte[] buffer) throws SourceException {
    int wanted = (int) Math.min(buffer.length, file.size() - running.size());
    int n;
    try {
      n = in.read(ByteBuffer.wrap(buffer, 0, wanted));
    } catch (IOException e) {
      throw SourceException.of(e);
    }
    if (n < 0) {
      throw SourceException.changed();
    }
    return n;
  }

  Hashes hashes() throws SourceException {
    if (running.size() != file.size()) {
      throw SourceException.changed();
    }
    return running.finish();
  }
}
