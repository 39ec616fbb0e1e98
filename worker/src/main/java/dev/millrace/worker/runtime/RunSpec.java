package dev.millrace.worker.runtime;

import dev.millrace.worker.wire.Assignment;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What a runtime needs to start one run.
 *
 * @param status takes lines for the run's status stream
 * @param cancelled tells that the run is to be stopped before it begins
 */
public record RunSpec(
    Assignment assignment, RunFolder folder, Consumer<String> status, BooleanSupplier cancelled) {}
