package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.Optional;

/**
 * Something that happened to an execution; append-only.
 *
 * @param sequence within the execution: the row's version that came with it
 * @param kind a past participle, for example {@code Submitted}
 * @param data details as a JSON object; never a secret
 * @param position order among all facts, stamped after the commit; empty until then
 */
public record Fact(
    ExecutionId execution,
    long sequence,
    String kind,
    Instant at,
    String data,
    Optional<Long> position) {}
