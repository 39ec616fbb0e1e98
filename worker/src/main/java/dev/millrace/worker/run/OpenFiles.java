package dev.millrace.worker.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which files somebody has open for writing, as far as /proc shows it to the worker. */
final class OpenFiles {
  private static final Pattern INODE = Pattern.compile("ino=(\\d+)");
  private static final int MOST = 100_000;
  private static final int LONGEST_ENVIRONMENT = 4 << 20;

  private final Path proc;
  private final byte[] mark;

  /** {@code mark} is in the environment of the processes of the run. */
  OpenFiles(Path proc, String mark) {
    this.proc = proc;
    this.mark = (mark + "\0").getBytes(StandardCharsets.UTF_8);
  }

  /**
   * What was seen at one time.
   *
   * @param opened the file keys of what is open for writing
   * @param mapped the inode numbers of what is mapped so that it can be written
   * @param complete whether processes of the run were among those that could be looked at
   */
  record Seen(Set<Object> opened, Set<Long> mapped, boolean complete) {
    /** Whether a file may still be written by somebody who was seen. */
    boolean written(@Nullable Object key) {
      if (key == null) {
        return false;
      }
      Matcher inode = INODE.matcher(key.toString());
      return opened.contains(key)
          || inode.find() && mapped.contains(Long.parseLong(inode.group(1)));
    }
  }

  /** Looks at all processes. */
  Seen look() throws IOException {
    Set<Object> opened = new HashSet<>();
    Set<Long> mapped = new HashSet<>();
    boolean complete = false;
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (!process.endsWith(Long.toString(self)) && opened(process, opened)) {
          mapped(process, mapped);
          complete = complete || ofRun(process);
        }
      }
    }
    return new Seen(opened, mapped, complete && opened.size() < MOST && mapped.size() < MOST);
  }

  /** Whether the process could be looked at. */
  private static boolean opened(Path process, Set<Object> found) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path file : files) {
        if (found.size() < MOST) {
          key(process, file, found);
        }
      }
      return true;
    } catch (AccessDeniedException e) {
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      // It has gone meanwhile.
      return false;
    }
  }

  private static void key(Path process, Path file, Set<Object> found) {
    try {
      String target = Files.readSymbolicLink(file).toString();
      if (!target.startsWith("/") || target.startsWith("/dev/")) {
        return;
      }
      Path info = process.resolve("fdinfo").resolve(file.getFileName().toString());
      for (String line : Files.readAllLines(info, StandardCharsets.ISO_8859_1)) {
        if (line.startsWith("flags:")) {
          if ((Long.parseLong(line.substring(6).strip(), 8) & 3) != 0) {
            found.add(Files.readAttributes(file, BasicFileAttributes.class).fileKey());
          }
          return;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Closed meanwhile.
    }
  }

  private static void mapped(Path process, Set<Long> found) {
    try (BufferedReader maps =
        Files.newBufferedReader(process.resolve("maps"), StandardCharsets.ISO_8859_1)) {
      for (String line = maps.readLine(); line != null; line = maps.readLine()) {
        String[] fields = line.split(" +", 6);
        if (fields.length > 4
            && fields[1].startsWith("w", 1)
            && fields[1].endsWith("s")
            && !fields[4].equals("0")
            && found.size() < MOST) {
          found.add(Long.parseLong(fields[4]));
        }
      }
    } catch (IOException | NumberFormatException e) {
      // It has gone meanwhile.
    }
  }

  private boolean ofRun(Path process) {
    try (var in = Files.newInputStream(process.resolve("environ"))) {
      byte[] environment = in.readNBytes(LONGEST_ENVIRONMENT);
      for (int at = 0; at + mark.length <= environment.length; at++) {
        if (Arrays.equals(environment, at, at + mark.length, mark, 0, mark.length)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }
}
