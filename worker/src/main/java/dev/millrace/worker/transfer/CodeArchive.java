package dev.millrace.worker.transfer;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/** Unpacks the code of a commit; nothing in it can land outside the target folder. */
public final class CodeArchive {
  private static final long ENTRIES = 1_000_000;
  private static final long BYTES = 50L << 30;

  private final Path archive;

  public CodeArchive(Path archive) {
    this.archive = archive;
  }

  /**
   * Unpacks a tar or tar.gz file into an existing empty folder and answers the SHA-256 of the
   * uncompressed tar. What leaves the folder, or is neither file, folder nor link, is refused.
   */
  public String unpackInto(Path root) throws IOException {
    MessageDigest sha256 = Hashes.digest("SHA-256");
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(archive), 131_072);
        InputStream plain = new DigestInputStream(decompressed(raw), sha256)) {
      TarReader tar = new TarReader(plain);
      long entries = 0;
      long bytes = 0;
      for (TarReader.Entry entry = tar.next(); entry != null; entry = tar.next()) {
        entries++;
        bytes += entry.type() == '0' || entry.type() == '7' ? entry.size() : 0;
        if (entries > ENTRIES || bytes > BYTES) {
          throw new TransferException("The code archive is too large to unpack.");
        }
        unpack(root, entry, tar);
      }
      plain.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static InputStream decompressed(InputStream raw) throws IOException {
    PushbackInputStream in = new PushbackInputStream(raw, 2);
    byte[] magic = in.readNBytes(2);
    in.unread(magic);
    boolean gzip = magic.length == 2 && magic[0] == 0x1f && (magic[1] & 0xff) == 0x8b;
    return gzip ? new GZIPInputStream(in, 65_536) : in;
  }

  private static void unpack(Path root, TarReader.Entry entry, TarReader tar) throws IOException {
    Path path = inside(root, root, entry.name(), entry.name());
    if (path.equals(root)) {
      return;
    }
    parents(root, path, entry.name());
    switch (entry.type()) {
      case '0', '7' -> {
        Files.deleteIfExists(path);
        try (OutputStream out =
            Files.newOutputStream(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          byte[] buffer = new byte[65_536];
          for (int n = tar.read(buffer); n >= 0; n = tar.read(buffer)) {
            out.write(buffer, 0, n);
          }
        }
        Files.setPosixFilePermissions(
            path,
            PosixFilePermissions.fromString(
                (entry.mode() & 0111) == 0 ? "rw-r--r--" : "rwxr-xr-x"));
      }
      case '5' -> {
        if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectory(path);
        }
      }
      case '2' -> {
        Path parent = path.getParent();
        inside(root, parent == null ? root : parent, entry.link(), entry.name());
        Files.deleteIfExists(path);
        Files.createSymbolicLink(path, Path.of(entry.link()));
      }
      case '1' -> {
        Path target = inside(root, root, entry.link(), entry.name());
        parents(root, target, entry.name());
        if (!Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)) {
          throw refused(entry.name(), "links to what is not a file of the archive");
        }
        Files.deleteIfExists(path);
        Files.createLink(path, target);
      }
      default -> throw refused(entry.name(), "is neither a file, a folder nor a link");
    }
  }

  private static Path inside(Path root, Path base, String name, String entry) throws IOException {
    if (name.startsWith("/") || name.indexOf('\0') >= 0) {
      throw refused(entry, "is or points to an absolute name");
    }
    Path path = base.resolve(name).normalize();
    if (!path.startsWith(root)) {
      throw refused(entry, "leaves the repository folder");
    }
    if (base.equals(root) && Path.of(name).normalize().startsWith("..")) {
      throw refused(entry, "leaves the repository folder");
    }
    return path;
  }

  /** Makes the folders above a member; one that is a link is refused, for it may lead outside. */
  private static void parents(Path root, Path path, String entry) throws IOException {
    Path at = root;
    Path relative = root.relativize(path);
    for (int i = 0; i < relative.getNameCount() - 1; i++) {
      at = at.resolve(relative.getName(i));
      if (Files.isSymbolicLink(at)) {
        throw refused(entry, "goes through a link");
      }
      if (!Files.isDirectory(at)) {
        Files.createDirectory(at);
      }
    }
  }

  private static TransferException refused(String name, String why) {
    String shown = name.length() > 200 ? name.substring(0, 200) + "…" : name;
    return new TransferException(
        "The code archive was refused: '"
            + shown.replaceAll("\\p{Cntrl}", "?")
            + "' "
            + why
            + ". Remove it from the commit.");
  }
}
