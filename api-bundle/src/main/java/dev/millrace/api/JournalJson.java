package dev.millrace.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.millrace.api.openapi.Format;
import dev.millrace.engine.domain.JournalEntry;
import java.time.Instant;

/** Something that happened to an execution; positions rise. */
public record JournalJson(
    long position,
    String kind,
    @Format("uuid") String execution,
    int counter,
    @Format("uuid") String project,
    long sequence,
    Instant time,
    @JsonRawValue String data) {

  /** As clients read it. */
  public static JournalJson of(JournalEntry entry) {
    return new JournalJson(
        entry.position(),
        entry.fact().kind(),
        entry.fact().execution().toString(),
        entry.counter(),
        entry.project().toString(),
        entry.fact().sequence(),
        entry.fact().at(),
        entry.fact().data().isBlank() ? "{}" : entry.fact().data());
  }
}
