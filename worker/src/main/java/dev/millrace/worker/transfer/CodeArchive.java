package dev.millrace.worker.transfer;

import dev.millrace.worker.wire.Assignment;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Unpacks the code of a commit; nothing in it can land outside the target folder. */
public final class CodeArchive {
  private static final String POINTER = "version https://git-lfs.github.com/spec/";
  private static final int POINTER_BYTES = 1_024;

  private final Path archive;
  private final Assignment.ArchiveLimits limits;
  private long pointers;
  private String firstPointer = "";

  public CodeArchive(Path archive, Assignment.ArchiveLimits limits) {
    this.archive = archive;
    this.limits = limits;
  }

  /**
   * Unpacks a tar or tar.gz file into an existing empty folder and answers the SHA-256 of the
   * uncompressed tar. What leaves the folder, or is neither file, folder nor link, is refused.
   */
  public String unpackInto(Path root) throws IOException {
    MessageDigest sha256 = Hashes.digest("SHA-256");
    long most = limits.most(Files.size(archive));
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(archive), 131_072);
        InputStream plain = new DigestInputStream(new Bounded(decompressed(raw), most), sha256)) {
      TarReader tar = new TarReader(plain);
      long entries = 0;
      for (TarReader.Entry entry = tar.next(); entry != null; entry = tar.next()) {
        if (++entries > limits.entries()) {
          throw new TransferException(
              "The code archive was refused: it holds more than "
                  + limits.entries()
                  + " files. Take some out of the commit and use inputs instead.");
        }
        unpack(root, entry, tar);
      }
      plain.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  /** What the code lacks although its archive is whole, in sentences for users; mostly nothing. */
  public List<String> notices(Path root) throws IOException {
    List<String> notices = new ArrayList<>();
    if (pointers > 0) {
      notices.add(
          "%d file(s) of the code are Git LFS pointers, not the files themselves, for example '%s'. Bring large files as inputs."
              .formatted(pointers, shown(firstPointer)));
    }
    List<String> missing = Submodules.missing(root);
    if (!missing.isEmpty()) {
      notices.add(
          "Submodules are not fetched, so these folders of the code are empty: %s. Put their files into the repository, or run ad-hoc code."
              .formatted(shown(String.join(", ", missing))));
    }
    return notices;
  }

  /** Breaks where more comes than the archive may unpack to. */
  private static final class Bounded extends FilterInputStream {
    private final long most;
    private long left;

    Bounded(InputStream in, long most) {
      super(in);
      this.most = most;
      this.left = most;
    }

    @Override
    public int read() throws IOException {
      int one = super.read();
      count(one < 0 ? 0 : 1);
      return one;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int read = super.read(buffer, from, length);
      count(read);
      return read;
    }

    @Override
    public long skip(long bytes) throws IOException {
      long skipped = super.skip(bytes);
      count(skipped);
      return skipped;
    }

    private void count(long read) throws TransferException {
      left -= Math.max(0, read);
      if (left < 0) {
        throw new TransferException(
            "The code archive was refused: unpacked it is larger than "
                + most
                + " bytes. Take files out of the commit and use inputs instead.");
      }
    }
  }

  private static InputStream decompressed(InputStream raw) throws IOException {
    PushbackInputStream in = new PushbackInputStream(raw, 2);
    byte[] magic = in.readNBytes(2);
    in.unread(magic);
    boolean gzip = magic.length == 2 && magic[0] == 0x1f && (magic[1] & 0xff) == 0x8b;
    return gzip ? new GZIPInputStream(in, 65_536) : in;
  }

  private void unpack(Path root, TarReader.Entry entry, TarReader tar) throws IOException {
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
            note(entry, buffer, n);
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

  private void note(TarReader.Entry entry, byte[] bytes, int count) {
    if (entry.size() <= POINTER_BYTES
        && count >= POINTER.length()
        && new String(bytes, 0, POINTER.length(), StandardCharsets.US_ASCII).equals(POINTER)
        && pointers++ == 0) {
      firstPointer = entry.name();
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
    return new TransferException(
        "The code archive was refused: '"
            + shown(name)
            + "' "
            + why
            + ". Remove it from the commit.");
  }

  private static String shown(String name) {
    String cut = name.length() > 200 ? name.substring(0, 200) + "…" : name;
    return cut.replaceAll("\\p{Cntrl}", "?");
  }
}
