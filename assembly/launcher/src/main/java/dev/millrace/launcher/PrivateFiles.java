package dev.millrace.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
import java.util.function.Consumer;
import java.util.function.Predicate;
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
    data(folder, PrivateFiles::tighten, System.err::println);
  }

  /**
   * Refused only where everybody may enter. A folder that is shared with a group, as volumes of a
   * cluster are, and files in it that are somebody else's, are the operator's to answer for.
   */
  static void data(Path folder, Predicate<Path> tighten, Consumer<String> warn)
      throws IOException, Refusal {
    if (!posix(folder)) {
      return;
    }
    boolean ours = tighten.test(folder);
    if (!ours && everybody(folder)) {
      throw new Refusal(
          "The data folder "
              + folder
              + " can be read by others, and the user that runs Millrace may not change that. Give it"
              + " to that user, or do: chmod -R go= "
              + folder);
    }
    if (!ours) {
      warn.accept(
          "Warning: the data folder "
              + folder
              + " is open to its group, and the user that runs Millrace may not change that. Whoever"
              + " is in that group can read the keys and the database.");
    }
    List<Path> left = open(folder).stream().filter(path -> !tighten.test(path)).toList();
    if (!left.isEmpty()) {
      warn.accept(
          "Warning: the user that runs Millrace may not change who can read "
              + left.get(0)
              + (left.size() == 1 ? "" : " and " + (left.size() - 1) + " more")
              + " in the data folder.");
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
            && everybody(file)) {
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

  private static boolean everybody(Path path) throws IOException {
    return Files.getPosixFilePermissions(path).stream().anyMatch(EVERYBODY::contains);
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
    // Keys are looked for in any file, also in one whose text is not UTF-8.
    return SECRET.matcher(Files.readString(file, StandardCharsets.ISO_8859_1)).find();
  }
}
