package dev.millrace.engine.domain;

import java.util.Locale;

/** The states of an execution; the words are those that clients know. */
public enum ExecutionStatus {
  CREATED,
  QUEUED,
  STARTED,
  STOPPING,
  COMPLETE,
  ERROR,
  STOPPED;

  /** Whether nothing can change it any more. */
  public boolean terminal() {
    return this == COMPLETE || this == ERROR || this == STOPPED;
  }

  /** The word of the API. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
