package dev.millrace.worker.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A transfer that carries its own authority; the address is as secret as a password. */
public record SignedRequest(
    String method, String url, @Nullable Map<String, String> headers, long expiresAt) {

  @Override
  public String toString() {
    return "SignedRequest[" + method + " ***]";
  }
}
