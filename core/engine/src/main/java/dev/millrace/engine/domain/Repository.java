package dev.millrace.engine.domain;

import java.util.List;

/**
 * The Git repository that a project's commits come from. {@code refs} are the branches and tags to
 * fetch.
 */
public record Repository(
    int id, ProjectId project, String url, List<String> refs, RepositoryLogin login, long version) {

  /** What the password is sealed for: a row whose address was changed alone cannot unseal it. */
  public static String passwordContext(ProjectId project, String server) {
    return "repository-password:" + project + ":" + server;
  }

  /** What the private half of the project's SSH key is sealed for. */
  public static String keyContext(ProjectId project) {
    return "repository-key:" + project;
  }
}
