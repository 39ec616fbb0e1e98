package dev.millrace.worker.transfer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps fetched inputs by owner and content hash, least recently used first out. */
public final class InputCache {
  /**
   * That of an ordinary file: a copy of an input is one that may be written. What guards inputs is
   * that they are mounted for reading only.
   */
  private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-r--r--");

  private static final Logger LOG = LoggerFactory.getLogger(InputCache.class);

  private final Path folder;
  private final long limitBytes;
  private final int limitPercent;
  private final Clock clock;

  /**
   * Keeps at most {@code limitBytes}, and at most {@code limitPercent} of its disk. What an earlier
   * worker had not loaded whole is removed.
   */
  public InputCache(Path folder, long limitBytes, int limitPercent, Clock clock)
      throws IOException {
    this.folder = folder;
    this.limitBytes = limitBytes;
    this.limitPercent = limitPercent;
    this.clock = clock;
    Path incoming = folder.resolve("incoming");
    if (Files.isDirectory(incoming)) {
      try (Stream<Path> parts = Files.list(incoming)) {
        for (Path part : (Iterable<Path>) parts::iterator) {
          Files.deleteIfExists(part);
        }
      }
    }
  }

  /** A new name to download to. */
  public Path scratch() throws IOException {
    Path incoming = Files.createDirectories(folder.resolve("incoming"));
    return Files.createTempFile(incoming, "input", ".part");
  }

  /**
   * Links the kept file to {@code target}; its bytes are hashed again, a damaged one is dropped.
   */
  public Optional<Hashes> take(String owner, String sha256, Path target) throws IOException {
    Path kept = place(owner, sha256);
    if (!Files.isRegularFile(kept)) {
      return Optional.empty();
    }
    Hashes hashes = hash(kept);
    if (!hashes.sha256().equals(sha256)) {
      LOG.warn("cached input is damaged sha256={}", sha256);
      Files.deleteIfExists(kept);
      return Optional.empty();
    }
    Files.setLastModifiedTime(kept, FileTime.from(clock.instant()));
    Files.setPosixFilePermissions(kept, MODE);
    return link(kept, target) ? Optional.of(hashes) : Optional.empty();
  }

  /** Takes a downloaded file into the cache and links it to {@code target}. */
  public void put(String owner, Hashes hashes, Path downloaded, Path target) throws IOException {
    Path kept = place(owner, hashes.sha256());
    Path parent = kept.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.setPosixFilePermissions(downloaded, MODE);
    if (!link(downloaded, target)) {
      throw new IOException("cannot link into " + target.getParent());
    }
    Files.move(downloaded, kept, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    long disk = Files.getFileStore(folder).getTotalSpace();
    trim(Math.min(limitBytes, disk / 100 * limitPercent));
  }

  /**
   * Gives a run a file of its own in place of one that is shared with others, where nothing else
   * keeps it from writing there.
   */
  public static void unshare(Path target) throws IOException {
    Path own = target.resolveSibling(target.getFileName() + ".own");
    Files.copy(target, own);
    Files.setPosixFilePermissions(own, MODE);
    Files.move(own, target, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
  }

  /** Removes inputs that no run holds, least recently used first, until so many bytes are free. */
  public void makeRoom(long bytes) {
    try {
      trim(Math.max(0, total(all()) - bytes));
    } catch (IOException e) {
      LOG.warn("cached inputs cannot be removed error={}", e.toString());
    }
  }

  private static boolean link(Path kept, Path target) throws IOException {
    Files.deleteIfExists(target);
    try {
      Files.createLink(target, kept);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (IOException e) {
      // Too many links to one file, or trimmed a moment ago: a copy serves as well, if it is there.
      if (!Files.exists(kept)) {
        return false;
      }
      Files.copy(kept, target);
    }
    return true;
  }

  private Path place(String owner, String sha256) {
    return folder.resolve(owner.replaceAll("[^A-Za-z0-9_-]", "_")).resolve(sha256);
  }

  private record Kept(Path path, long size, FileTime used, int links) {}

  /** Removes what was not used for longest until the cache fits; what a run holds stays. */
  private synchronized void trim(long limit) throws IOException {
    List<Kept> all = all();
    long total = total(all);
    all.sort(Comparator.comparing(Kept::used));
    for (Kept kept : all) {
      if (total <= limit) {
        return;
      }
      if (kept.links() == 1) {
        Files.deleteIfExists(kept.path());
        total -= kept.size();
        LOG.info("cached input removed sha256={} bytes={}", kept.path().getFileName(), kept.size());
      }
    }
  }

  private static long total(List<Kept> all) {
    return all.stream().mapToLong(Kept::size).sum();
  }

  private List<Kept> all() throws IOException {
    List<Kept> all = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder, 2)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        if (file.getFileName().toString().length() == 64) {
          Map<String, Object> a = Files.readAttributes(file, "unix:nlink,size,lastModifiedTime");
          all.add(
              new Kept(
                  file,
                  (Long) a.getOrDefault("size", 0L),
                  (FileTime) a.getOrDefault("lastModifiedTime", FileTime.fromMillis(0)),
                  (Integer) a.getOrDefault("nlink", 1)));
        }
      }
    }
    return all;
  }

  private static Hashes hash(Path file) throws IOException {
    Hashes.Running running = new Hashes.Running();
    byte[] buffer = new byte[131_072];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        running.update(buffer, 0, n);
      }
    }
    return running.finish();
  }
}
