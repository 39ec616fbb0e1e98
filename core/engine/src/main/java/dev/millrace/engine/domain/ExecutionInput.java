package dev.millrace.engine.domain;

import java.util.List;

/**
 * A named input with its files, in the order of the request. {@code uris} are as the user gave
 * them.
 */
public record ExecutionInput(
    InputId id, String name, List<String> uris, List<InputFile> files, String keepDirectories) {}
