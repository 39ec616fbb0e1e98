package dev.millrace.engine.yaml;

import org.jspecify.annotations.Nullable;

/** An environment variable that a step knows of. */
public record EnvironmentVariable(
    String name, @Nullable String defaultValue, @Nullable String description, boolean optional) {}
