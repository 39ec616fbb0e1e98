package dev.millrace.engine.domain;

/**
 * Where a commit's files are kept. {@code sha256} is that of the stored bytes, which workers check.
 */
public record CodeArchive(StoreId store, String key, String sha256, long bytes, Format format) {
  /** What the keys of all archives of a project begin with. */
  public static String prefix(ProjectId project) {
    return "code/" + project + "/";
  }

  /** Where the archive of that content is kept. */
  public static String key(ProjectId project, String sha256) {
    return prefix(project) + sha256;
  }

  /** How the files are packed. */
  public enum Format {
    TAR,
    TAR_GZ
  }
}
