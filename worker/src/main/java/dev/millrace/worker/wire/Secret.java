package dev.millrace.worker.wire;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** A text that no log may show. */
public final class Secret {
  private final String value;

  @JsonCreator
  public Secret(String value) {
    this.value = value;
  }

  /** The text itself, for the one place that needs it. */
  @JsonValue
  public String reveal() {
    return value;
  }

  @Override
  public String toString() {
    return "***";
  }
}
