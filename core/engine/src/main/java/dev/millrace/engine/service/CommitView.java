package dev.millrace.engine.service;

import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Project;
import java.util.Optional;

/** A commit, the project that it belongs to, and the number of that project's repository. */
public record CommitView(Commit commit, Project project, Optional<Integer> repository) {}
