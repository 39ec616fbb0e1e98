package dev.millrace.engine.domain;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Why an execution ended as {@code error}. */
public enum ReasonCode {
  EXIT_CODE,
  IMAGE,
  INPUT,
  CHECKSUM,
  OUTPUT,
  TIME_LIMIT,
  NO_OUTPUT,
  KILLED,
  OOM,
  WORKER_LOST,
  SPOT;

  /** The word of the wire and the API, for example {@code exit-code}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Reads {@link #word()}; empty for an unknown word. */
  public static Optional<ReasonCode> ofWord(String word) {
    return Arrays.stream(values()).filter(r -> r.word().equals(word)).findFirst();
  }
}
