package dev.millrace.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Releases of the worker: what a master ships, and others that are made of it. */
final class WorkerArchive {
  private final Path folder;

  private WorkerArchive(Path folder) {
    this.folder = folder;
  }

  /** A packed one, unpacked into a new folder. */
  static WorkerArchive of(Path archive) {
    try {
      Path folder = Files.createTempDirectory("it-worker");
      Machine.run(
              folder,
              List.of(
                  "tar",
                  "-xzf",
                  archive.toString(),
                  "-C",
                  folder.toString(),
                  "--strip-components=1"))
          .expectSuccess();
      return new WorkerArchive(folder);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A release that is nothing but this launcher. */
  static WorkerArchive script(String launcher) {
    try {
      Path folder = Files.createTempDirectory("it-worker");
      Path program = Files.createDirectory(folder.resolve("bin")).resolve("millrace-worker");
      Files.writeString(program, "#!/bin/sh\n" + launcher);
      program.toFile().setExecutable(true);
      return new WorkerArchive(folder);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Path shipped(Distribution millrace) throws IOException {
    try (Stream<Path> files = Files.list(millrace.home().resolve("worker"))) {
      return files.findFirst().orElseThrow();
    }
  }

  Path program() {
    return folder.resolve("bin/millrace-worker");
  }

  /** Makes it another version. */
  WorkerArchive version(String version) throws IOException {
    Files.writeString(folder.resolve("version"), version + "\n");
    return this;
  }

  /** Packs it. */
  Path packed(String version) throws IOException {
    Path archive =
        Files.createTempDirectory("it-release")
            .resolve("millrace-worker-" + version + "-linux-amd64.tar.gz");
    Machine.run(folder, List.of("sh", "-c", "tar -cf - . | gzip -1 >" + archive)).expectSuccess();
    return archive;
  }

  /** Has the master ship that archive instead of the one that it has. */
  static void ship(Distribution millrace, Path archive) throws IOException {
    Path before = shipped(millrace);
    Path kept = Files.createDirectories(millrace.folder().resolve("shipped-before"));
    Path next = millrace.folder().resolve("next.tar.gz");
    Files.copy(archive, next, StandardCopyOption.REPLACE_EXISTING);
    Files.move(before, kept.resolve(before.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    Files.move(next, before.resolveSibling(archive.getFileName().toString()));
  }

  static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  /** So many bytes: a gzip file with zeros behind it is still one. */
  static byte[] padded(Path archive, long bytes) throws IOException {
    byte[] all = new byte[(int) bytes];
    byte[] own = Files.readAllBytes(archive);
    System.arraycopy(own, 0, all, 0, own.length);
    return all;
  }

  /** Text of a launcher that notes each call. */
  static String noting(Path calls, String then) {
    return "echo \"$1\" >>'" + calls + "'\n" + then + "\n";
  }

  static List<String> calls(Path calls) throws IOException {
    return Files.exists(calls)
        ? new String(Files.readAllBytes(calls), StandardCharsets.UTF_8).lines().toList()
        : List.of();
  }
}
