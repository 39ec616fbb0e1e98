package dev.millrace.engine.source;

/**
 * What a repository's address is.
 *
 * @param server scheme, host and port; two addresses of one server may share a login
 */
public record SourceAddress(Kind kind, String server) {
  /** By which way a repository is reached. */
  public enum Kind {
    FOLDER,
    HTTP,
    HTTPS,
    SSH
  }
}
