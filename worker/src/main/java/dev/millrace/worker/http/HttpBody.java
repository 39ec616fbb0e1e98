package dev.millrace.worker.http;

import java.io.IOException;
import java.io.OutputStream;

/** A request body of known length that can be written more than once. */
public interface HttpBody {

  /** Bytes that {@link #writeTo} writes. */
  long length();

  /** Writes the whole body; called again when a request is repeated. */
  void writeTo(OutputStream out) throws IOException;

  /** A body held in memory. */
  static HttpBody of(byte[] bytes) {
    return new HttpBody() {
      @Override
      public long length() {
        return bytes.length;
      }

      @Override
      public void writeTo(OutputStream out) throws IOException {
        out.write(bytes);
      }
    };
  }
}
