package dev.millrace.spi.common;

import java.time.Duration;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What the engine hands to every plugin call: how long it may take, and how to find it in the logs.
 */
@ProviderType
public interface CallContext {
  /**
   * How long this call may still take; zero once its time is over, never negative. It is measured
   * by a clock that nobody sets. A call that goes on afterwards is interrupted and abandoned.
   */
  Duration remaining();

  /**
   * Names this call in the logs of both sides. It holds no secret and may be sent to the backend.
   */
  String traceId();
}
