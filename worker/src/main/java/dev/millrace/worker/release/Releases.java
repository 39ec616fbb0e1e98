package dev.millrace.worker.release;

import dev.millrace.worker.run.Trees;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of the releases that a worker changed to, each in a folder named by its version. Links
 * say which is used and which was before; the launcher {@code bin/millrace-worker} reads them, and
 * counts in {@code trial} how often a release was started that has not beaten yet.
 */
final class Releases {
  static final String PROGRAM = "bin/millrace-worker";
  private static final Logger LOG = LoggerFactory.getLogger(Releases.class);
  private static final String HASH = "release.sha256";
  private static final Duration UNPACK = Duration.ofMinutes(5);

  private final Path root;

  Releases(Path root) {
    this.root = root;
  }

  /** Where a release is loaded to. */
  Path incoming() throws IOException {
    return Files.createDirectories(root.resolve("incoming")).resolve("archive");
  }

  /** Whether that release does not start on this machine. */
  boolean refused(Wire.Release release) throws IOException {
    Path file = root.resolve("refused");
    return Files.exists(file) && Files.readAllLines(file).contains(release.sha256());
  }

  /** Remembers that the release does not start. */
  void refuse(Wire.Release release) throws IOException {
    Files.write(
        root.resolve("refused"),
        List.of(release.sha256()),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** Whether just these bytes are used now. */
  boolean uses(Wire.Release release) throws IOException {
    return hash("current").filter(release.sha256()::equals).isPresent();
  }

  /** The program of the release, if it lies here whole. */
  Optional<Path> installed(Wire.Release release) throws IOException {
    return hash(release.version()).filter(release.sha256()::equals).isPresent()
        ? Optional.of(root.resolve(release.version()).resolve(PROGRAM))
        : Optional.empty();
  }

  private Optional<String> hash(String name) throws IOException {
    Path file = root.resolve(name).resolve(HASH);
    return Files.exists(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
  }

  /** Unpacks a checked archive; answers the program in it. */
  Path install(Wire.Release release, Path archive) throws IOException, InterruptedException {
    if (!release.version().matches("[0-9][0-9A-Za-z.+_-]{0,63}")) {
      throw new IOException("the master names a release '" + release.version() + "'");
    }
    Path unpacked = root.resolve("incoming").resolve("unpacked");
    Trees.delete(unpacked);
    Files.createDirectories(unpacked);
    try {
      unpack(archive, unpacked);
      Path found = found(unpacked);
      // Runs have users of their own, which must get through to what the launcher lays out.
      Files.setPosixFilePermissions(found, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.writeString(found.resolve(HASH), release.sha256() + "\n");
      Path place = root.resolve(release.version());
      Trees.delete(place);
      Files.move(found, place, StandardCopyOption.ATOMIC_MOVE);
      return place.resolve(PROGRAM);
    } finally {
      Trees.delete(unpacked);
    }
  }

  private static void unpack(Path archive, Path to) throws IOException, InterruptedException {
    Path said = to.resolveSibling("tar.log");
    Process tar =
        new ProcessBuilder(
                "tar", "-xzf", archive.toString(), "-C", to.toString(), "--no-same-owner")
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    try {
      if (!tar.waitFor(UNPACK.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("it was not unpacked within " + UNPACK.toMinutes() + " minutes");
      }
      if (tar.exitValue() != 0) {
        throw new IOException("it could not be unpacked: " + lastLine(said));
      }
    } finally {
      tar.destroyForcibly();
      Files.deleteIfExists(said);
    }
  }

  /** The last line of a program's output, for people. */
  static String lastLine(Path output) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(output), StandardCharsets.UTF_8).lines().toList();
    return lines.isEmpty() ? "it said nothing" : lines.get(lines.size() - 1);
  }

  private static Path found(Path unpacked) throws IOException {
    if (Files.isExecutable(unpacked.resolve(PROGRAM))) {
      return unpacked;
    }
    try (Stream<Path> folders = Files.list(unpacked)) {
      return folders
          .filter(folder -> Files.isExecutable(folder.resolve(PROGRAM)))
          .findFirst()
          .orElseThrow(() -> new IOException("its archive has no " + PROGRAM));
    }
  }

  /** From the next start on, that installed release is used, for as long as it comes up. */
  void use(Wire.Release release) throws IOException {
    Path current = root.resolve("current");
    Files.writeString(root.resolve("trial"), "0\n");
    if (Files.isSymbolicLink(current)) {
      link("previous", Files.readSymbolicLink(current));
    } else {
      Files.deleteIfExists(root.resolve("previous"));
    }
    link("current", Path.of(release.version()));
  }

  private void link(String name, Path to) throws IOException {
    Path next = root.resolve(name + ".next");
    Files.deleteIfExists(next);
    Files.createSymbolicLink(next, to);
    Files.move(
        next,
        root.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** What runs now has come up: of the others only the one before it stays. */
  void confirm() throws IOException {
    if (!Files.isDirectory(root)) {
      return;
    }
    Files.deleteIfExists(root.resolve("trial"));
    Set<String> kept = Set.of(target("current"), target("previous"));
    try (Stream<Path> all = Files.list(root)) {
      for (Path path : (Iterable<Path>) all::iterator) {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
            && !kept.contains(path.getFileName().toString())) {
          Trees.delete(path);
          LOG.info("release removed folder={}", path);
        }
      }
    }
  }

  private String target(String name) throws IOException {
    Path link = root.resolve(name);
    return Files.isSymbolicLink(link) ? Files.readSymbolicLink(link).toString() : "." + name;
  }
}
