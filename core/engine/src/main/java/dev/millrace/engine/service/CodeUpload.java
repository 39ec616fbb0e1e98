package dev.millrace.engine.service;

import dev.millrace.engine.domain.Project;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * An upload on its way: {@link #receive} once, then hand it to {@link Commits#finish}. Closing it
 * removes what was received; used by one thread.
 */
public final class CodeUpload implements AutoCloseable {
  /** The largest archive that is taken. */
  public static final long MAX_BYTES = 1L << 30;

  private final Project project;
  private final Path file;
  private String sha256 = "";
  private long bytes;

  CodeUpload(Project project, Path file) {
    this.project = project;
    this.file = file;
  }

  /**
   * Streams the archive to disk and takes its hash on the way.
   *
   * @throws Invalid if it is larger than {@link #MAX_BYTES}, or came twice
   */
  public void receive(InputStream body) throws IOException {
    if (!sha256.isEmpty()) {
      throw Invalid.field("data", "Send the archive once", "duplicate");
    }
    MessageDigest digest = digest();
    byte[] buffer = new byte[1 << 16];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int got = body.read(buffer); got >= 0; got = body.read(buffer)) {
        bytes += got;
        if (bytes > MAX_BYTES) {
          throw Invalid.field(
              "data",
              "The archive is larger than 1 GiB; leave data out of it, for example by .vhignore",
              "max_size");
        }
        digest.update(buffer, 0, got);
        out.write(buffer, 0, got);
      }
    }
    sha256 = HexFormat.of().formatHex(digest.digest());
  }

  Project project() {
    return project;
  }

  Path file() {
    return file;
  }

  boolean received() {
    return !sha256.isEmpty();
  }

  String sha256() {
    return sha256;
  }

  long bytes() {
    return bytes;
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(file);
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
