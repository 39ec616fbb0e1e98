package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A fixed state of a project's code. {@code identifier} is a Git SHA, or {@code ~} and the SHA-256
 * of an ad-hoc upload; unique within its project. {@code config} is the text of its valohai.yaml.
 */
public record Commit(
    CommitId id,
    ProjectId project,
    String identifier,
    boolean adhoc,
    List<String> refs,
    String description,
    Instant commitTime,
    Instant createdAt,
    String yamlPath,
    Optional<String> config,
    Optional<CodeArchive> archive) {}
