package dev.millrace.engine.service;

import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Project;

/** A commit and the project that it belongs to. */
public record CommitView(Commit commit, Project project) {}
