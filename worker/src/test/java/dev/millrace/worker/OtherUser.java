package dev.millrace.worker;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** A user without rights, known to this machine by its number only, with a worker's folder. */
record OtherUser(int uid, List<String> groups, Path base) {

  Path own() {
    return base.resolve("own");
  }

  /** What makes a command that user's. */
  List<String> prefix() {
    List<String> prefix = new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid));
    prefix.add(groups.isEmpty() ? "--clear-groups" : "--groups=" + String.join(",", groups));
    prefix.addAll(List.of("env", "HOME=" + base.resolve("home")));
    return prefix;
  }

  /** Starts a worker of that user, who cannot read where the build's classes are. */
  WorkerProcess start(URI master, String... more) throws IOException {
    return start(List.of(), master, more);
  }

  /** The same; the commands before it are still the test's user's. */
  WorkerProcess start(List<String> before, URI master, String... more) throws IOException {
    List<String> classPath = new ArrayList<>();
    Path lib = Files.createDirectories(base.resolve("lib"));
    for (String entry : System.getProperty("java.class.path").split(":")) {
      Path from = Path.of(entry);
      if (Files.exists(from)) {
        Path to = lib.resolve(classPath.size() + "-" + from.getFileName());
        copy(from, to);
        classPath.add(to.toString());
      }
    }
    for (Path folder : List.of(own(), base.resolve("home"))) {
      Files.createDirectories(folder);
      Files.setAttribute(folder, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(folder, "unix:gid", uid, LinkOption.NOFOLLOW_LINKS);
    }
    Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("rwxr-xr-x"));
    List<String> prefix = new ArrayList<>(before);
    prefix.addAll(prefix());
    return WorkerProcess.start(prefix, String.join(":", classPath), master, own(), more);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes a)
              throws IOException {
            Files.createDirectories(to.resolve(from.relativize(folder).toString()));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes a) throws IOException {
            Path target = from.equals(file) ? to : to.resolve(from.relativize(file).toString());
            Files.copy(file, target);
            Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
