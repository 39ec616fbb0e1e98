package dev.millrace.rules;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs tests against the product with one source changed. The checkout is only read: the changed
 * class stands before the others on the class path, and in a copy of the distribution.
 */
final class Mutants {
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final Duration LIMIT_IT = Duration.ofMinutes(15);
  private static final Path IT = Rooms.root().resolve("it");
  private static final String VERSION = System.getProperty("millrace.version", "0.1.0");
  private static final String SHIPPED = "millrace-" + VERSION;

  private final Path folder;
  private final Path overlay;
  private final Path repository;
  private boolean changed;
  private int runs;

  Mutants(Path folder) {
    this.folder = folder;
    this.overlay = folder.resolve("changed");
    this.repository = folder.resolve("repository");
  }

  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  /** Does the work while the guard is off. */
  void with(Guard guard, Work work) throws Exception {
    delete(overlay);
    Files.createDirectories(overlay);
    change(guard);
    changed = true;
    try {
      if (guard.tests().stream().anyMatch(test -> test.room().equals(IT))) {
        ship(guard.room());
      }
      work.run();
    } finally {
      changed = false;
    }
  }

  private void change(Guard guard) throws IOException {
    String text = Files.readString(guard.source()).replace(guard.on(), guard.off());
    Path below = guard.room().resolve("src/main").relativize(guard.source());
    Path inJar = below.subpath(1, below.getNameCount());
    if (!guard.source().toString().endsWith(".java")) {
      Path file = overlay.resolve(inJar);
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
      return;
    }
    Path source = folder.resolve("source").resolve(guard.source().getFileName());
    Files.createDirectories(source.getParent());
    Files.writeString(source, text);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of(
              "-proc:none",
              "-parameters",
              "-nowarn",
              "-cp",
              classPath(guard.room()),
              "-d",
              overlay.toString());
      if (!compiler
          .getTask(null, files, null, options, null, files.getJavaFileObjects(source))
          .call()) {
        throw new IllegalStateException(guard.name() + " does not compile when it is off");
      }
    }
  }

  /** Runs each of these tests of one room; what did not run to an end is an error. */
  Map<Guard.Watching, TestRun.Result> run(Path room, List<Guard.Watching> tests) throws Exception {
    Path own = Files.createDirectories(folder.resolve("run-" + runs++));
    Path result = own.resolve("result");
    Path output = own.resolve("output");
    boolean it = room.equals(IT);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + own,
                "-cp",
                String.join(
                    File.pathSeparator,
                    changed && !it ? overlay.toString() : "",
                    from(TestRun.class),
                    from(LauncherFactory.class),
                    room.resolve("target/test-classes").toString(),
                    classPath(room))));
    if (it) {
      Path tested = changed ? repository : Rooms.root();
      command.add(1, "-Dmillrace.repository=" + tested);
      command.add(1, "-Dmillrace.version=" + VERSION);
    } else {
      command.addAll(
          1,
          List.of(
              "-XX:TieredStopAtLevel=1",
              "-Djunit.jupiter.execution.timeout.default=150s",
              "-Dlongest.seconds=10"));
    }
    command.add(TestRun.class.getName());
    command.add(result.toString());
    tests.forEach(test -> command.add(test.selector()));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(room.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(output.toFile());
    builder.environment().put("TMPDIR", own.toString());
    Process process = builder.start();
    boolean ended =
        process.waitFor((it ? LIMIT_IT : LIMIT).toSeconds() * tests.size(), TimeUnit.SECONDS);
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().waitFor();
    end(own);
    if (!ended || !Files.exists(result)) {
      throw new IllegalStateException(
          tests + (ended ? " wrote no result: " : " did not end: ") + Files.readString(output));
    }
    List<String> lines = Files.readAllLines(result);
    Map<Guard.Watching, TestRun.Result> results = new LinkedHashMap<>();
    tests.forEach(test -> results.put(test, TestRun.Result.of(lines, test.selector())));
    return results;
  }

  /** Ends what a run has left: everything that names its folder. */
  private static void end(Path own) throws IOException {
    String name = own.toString();
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      all.filter(process -> process.pid() != ProcessHandle.current().pid())
          .filter(process -> names(process.pid(), name))
          .forEach(ProcessHandle::destroyForcibly);
    }
  }

  private static boolean names(long pid, String text) {
    for (String file : List.of("cmdline", "environ")) {
      try {
        // The folders of two runs may begin alike.
        String all = Files.readString(Path.of("/proc", Long.toString(pid), file), ISO);
        if ((all + '\0').matches("(?s).*" + java.util.regex.Pattern.quote(text) + "[^0-9].*")) {
          return true;
        }
      } catch (IOException gone) {
        continue;
      }
    }
    return false;
  }

  private static final java.nio.charset.Charset ISO = java.nio.charset.StandardCharsets.ISO_8859_1;

  /** The class path of a room's tests, without the tests. */
  private static String classPath(Path room) throws IOException {
    Path written = room.resolve("target/test.classpath");
    if (!Files.exists(written)) {
      throw new IOException("no " + written + "; ./check --full --only guards makes it");
    }
    return room.resolve("target/classes") + File.pathSeparator + Files.readString(written).strip();
  }

  private static String from(Class<?> type) {
    return Path.of(
            java.net.URI.create(
                type.getProtectionDomain().getCodeSource().getLocation().toString()))
        .toString();
  }

  // --- the distribution

  /** A repository whose distribution has the change; all else is the checkout's. */
  private void ship(Path room) throws Exception {
    Path target = repository.resolve("assembly/target");
    Path shipped = folder.resolve(SHIPPED);
    if (!Files.exists(target)) {
      Files.createDirectories(target);
      link(Rooms.root(), repository, "assembly");
      link(Rooms.root().resolve("assembly"), repository.resolve("assembly"), "target");
      sh("tar", "-C", folder.toString(), "-xzf", archive(Rooms.root()));
    }
    Path whole = jar(shipped, room);
    if (whole != null) {
      exchange(whole, () -> pack(folder, SHIPPED, archive(repository)));
      return;
    }
    // What is in no bundle is in the worker's archive.
    Path packed = one(shipped.resolve("worker"), "millrace-worker-.*\\.tar\\.gz");
    Path worker = Files.createDirectories(folder.resolve("worker"));
    String name = packed.getFileName().toString().replace(".tar.gz", "");
    if (!Files.exists(worker.resolve(name))) {
      sh("tar", "-C", worker.toString(), "-xzf", packed.toString());
    }
    Path inside = jar(worker, room);
    if (inside == null) {
      throw new IOException("the distribution has no jar of " + room);
    }
    Path kept =
        Files.copy(packed, folder.resolve("worker.kept"), StandardCopyOption.REPLACE_EXISTING);
    exchange(inside, () -> pack(worker, name, packed.toString()));
    pack(folder, SHIPPED, archive(repository));
    Files.move(kept, packed, StandardCopyOption.REPLACE_EXISTING);
  }

  private static String archive(Path repository) {
    return repository.resolve("assembly/target").resolve(SHIPPED + ".tar.gz").toString();
  }

  private static void pack(Path folder, String name, String archive) throws Exception {
    sh("tar", "-C", folder.toString(), "-I", "gzip -1", "-cf", archive, name);
  }

  /** Does the work while the changed classes are in that jar. */
  private void exchange(Path jar, Work work) throws Exception {
    Path kept = Files.copy(jar, folder.resolve("jar.kept"), StandardCopyOption.REPLACE_EXISTING);
    try (FileSystem inside = FileSystems.newFileSystem(jar);
        Stream<Path> files = Files.walk(overlay)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path there = inside.getPath("/" + overlay.relativize(file));
        if (!Files.exists(there.getParent())) {
          throw new IOException(jar + " has no " + there.getParent());
        }
        Files.copy(file, there, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    work.run();
    Files.move(kept, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static Path jar(Path below, Path room) throws IOException {
    Path built = one(room.resolve("target"), ".*-" + VERSION.replace(".", "\\.") + "\\.jar");
    String name = built.getFileName().toString();
    try (Stream<Path> files = Files.walk(below)) {
      return files
          .filter(file -> file.getFileName().toString().matches("(dev\\.millrace\\.)?" + name))
          .findFirst()
          .orElse(null);
    }
  }

  private static Path one(Path folder, String pattern) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().matches(pattern))
          .findFirst()
          .orElseThrow(() -> new IOException("no " + pattern + " in " + folder));
    }
  }

  private static void link(Path from, Path to, String except) throws IOException {
    try (Stream<Path> entries = Files.list(from)) {
      for (Path entry : entries.toList()) {
        if (!entry.endsWith(except)) {
          Files.createSymbolicLink(to.resolve(entry.getFileName()), entry);
        }
      }
    }
  }

  private static void sh(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IOException(List.of(command) + " failed");
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
