package dev.millrace.launcher;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Makes private at each start what others could read, or refuses the start. */
final class PrivateFiles {
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> EVERYBODY =
      PosixFilePermissions.fromString("------rwx");
  private static final int LARGEST = 1 << 20;

  /** A key that begins with a dot, as secrets of accounts do. */
  private static final Pattern SECRET = Pattern.compile("\"\\.[A-Za-z0-9_.]+\"\\s*:");

  private PrivateFiles() {}

  /** The data folder and what is right in it: logs, uploads, keys, the database. */
  static void data(Path folder) throws IOException, Refusal {
    if (!posix(folder)) {
      return;
    }
    List<Path> open = open(folder);
    if (!tighten(folder) || !open.stream().allMatch(PrivateFiles::tighten)) {
      throw new Refusal(
          "The data folder "
              + folder
              + " can be read by others, and the user that runs Millrace may not change that. Give it"
              + " to that user, or do: chmod -R go= "
              + folder);
    }
  }

  /** Files of accounts that hold secrets. Those of somebody else may be shared with our group. */
  static void accounts(Path conf) throws IOException, Refusal {
    if (!Files.isDirectory(conf) || !posix(conf)) {
      return;
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(conf, "*.json")) {
      for (Path file : files) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            && secret(file)
            && !tighten(file)
            && Files.getPosixFilePermissions(file).stream().anyMatch(EVERYBODY::contains)) {
          throw new Refusal(
              file
                  + " holds secrets and can be read by everybody, and the user that runs Millrace may"
                  + " not change that. Do: chmod 600 "
                  + file);
        }
      }
    }
  }

  private static boolean posix(Path path) throws IOException {
    return Files.getFileStore(path).supportsFileAttributeView("posix");
  }

  /** What is right in the folder; links are somebody else's business. */
  private static List<Path> open(Path folder) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
            || Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)) {
          found.add(entry);
        }
      }
    }
    return found;
  }

  /** Takes all rights from group and others; false where that is not ours to do. */
  private static boolean tighten(Path path) {
    try {
      Set<PosixFilePermission> now = Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS);
      Set<PosixFilePermission> wanted = EnumSet.noneOf(PosixFilePermission.class);
      wanted.addAll(now);
      wanted.retainAll(OWNER);
      if (!wanted.equals(now)) {
        Files.setPosixFilePermissions(path, wanted);
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean secret(Path file) throws IOException {
    if (!Files.isReadable(file) || Files.size(file) > LARGEST) {
      return false;
    }
    return SECRET.matcher(Files.readString(file)).find();
  }
}
