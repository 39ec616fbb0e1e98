package dev.millrace.worker.http;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/** Opens links to the server of a URI. */
@FunctionalInterface
public interface Connector {

  /** Connects within {@code timeout}, or throws. */
  HttpLink connect(URI uri, Duration timeout) throws IOException;
}
