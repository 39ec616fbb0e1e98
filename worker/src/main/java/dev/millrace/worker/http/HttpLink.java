package dev.millrace.worker.http;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/** An open two-way byte stream to a server. */
public interface HttpLink extends Closeable {

  /** What the server sends; reading past the timeout throws. */
  InputStream input();

  /** What the server receives. */
  OutputStream output();

  /** Bounds each later wait for bytes. */
  void timeout(Duration timeout) throws IOException;
}
