package dev.millrace.engine.service;

import dev.millrace.engine.domain.Project;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * An upload on its way: {@link #open} it once, then hand it to {@link Commits#finish}. Closing it
 * removes what was received; used by one thread.
 */
public final class CodeUpload implements AutoCloseable {
  private final Project project;
  private final Path file;
  private final long most;
  private final MessageDigest digest = sha256Digest();
  private String sha256 = "";
  private boolean opened;
  private long bytes;

  CodeUpload(Project project, Path file, long most) {
    this.project = project;
    this.file = file;
    this.most = most;
  }

  /**
   * Where to write the archive, once: to disk, with its hash taken on the way. Closing it ends the
   * archive. Writing throws {@link Invalid} past the limit of bytes.
   */
  public OutputStream open() throws IOException {
    if (opened) {
      throw Invalid.field("data", "Send the archive once", "duplicate");
    }
    opened = true;
    return new Sink(new DigestOutputStream(Files.newOutputStream(file), digest));
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

  private static MessageDigest sha256Digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Sink extends FilterOutputStream {
    Sink(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      count(1);
      out.write(b);
    }

    @Override
    public void write(byte[] buffer, int from, int length) throws IOException {
      count(length);
      out.write(buffer, from, length);
    }

    @Override
    public void close() throws IOException {
      super.close();
      if (sha256.isEmpty()) {
        sha256 = HexFormat.of().formatHex(digest.digest());
      }
    }

    private void count(int more) {
      bytes += more;
      if (bytes > most) {
        throw Invalid.field(
            "data",
            "The archive is larger than "
                + most
                + " bytes; leave data out of it, for example by .vhignore",
            "max_size");
      }
    }
  }
}
