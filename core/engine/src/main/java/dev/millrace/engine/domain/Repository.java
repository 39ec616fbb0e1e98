package dev.millrace.engine.domain;

import java.util.List;

/**
 * The Git repository that a project's commits come from. {@code refs} are the branches and tags to
 * fetch.
 */
public record Repository(int id, ProjectId project, String url, List<String> refs, long version) {}
