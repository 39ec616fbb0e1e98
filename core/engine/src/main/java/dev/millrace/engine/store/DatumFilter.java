package dev.millrace.engine.store;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import java.util.Optional;

/**
 * Which data a list shows; empty options do not narrow. Oldest first unless {@code newestFirst}.
 */
public record DatumFilter(
    Optional<ProjectId> project,
    Optional<ExecutionId> outputOf,
    Optional<String> name,
    Optional<StoreId> store,
    Optional<String> tag,
    boolean newestFirst) {}
