package dev.millrace.worker.run;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The outputs folder, read without ever following a link: each step is taken relative to the opened
 * folder before it, so that user code cannot swap one while it is read.
 */
final class OutputTree {
  private static final Set<OpenOption> READ =
      Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  private static final int DEPTH = 100;
  private static final int MOST = 1_000_000;

  /** There are more files than can be looked at. */
  static final class TooManyException extends IOException {
    private static final long serialVersionUID = 1L;

    TooManyException() {
      super("There are more than " + MOST + " output files. Pack small files into archives.");
    }
  }

  /** A regular file; times are microseconds since 1970. */
  record Entry(
      List<String> steps, long size, long createdMicros, long modifiedMicros, boolean readOnly) {
    String path() {
      return String.join("/", steps);
    }
  }

  private final Path root;

  OutputTree(Path root) {
    this.root = root;
  }

  /** All regular files; {@code odd} hears of what is neither file nor folder. */
  List<Entry> files(Consumer<String> odd) throws IOException {
    List<Entry> found = new ArrayList<>();
    try (SecureDirectoryStream<Path> top = top()) {
      scan(top, new ArrayList<>(), found, odd);
    }
    return found;
  }

  private void scan(
      SecureDirectoryStream<Path> folder,
      List<String> steps,
      List<Entry> found,
      Consumer<String> odd)
      throws IOException {
    for (Path child : folder) {
      Path name = child.getFileName();
      List<String> here = new ArrayList<>(steps);
      here.add(name.toString());
      PosixFileAttributes attributes;
      try {
        attributes = view(folder, name).readAttributes();
      } catch (NoSuchFileException e) {
        continue;
      }
      if (attributes.isDirectory() && here.size() < DEPTH) {
        try (SecureDirectoryStream<Path> next =
            folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
          scan(next, here, found, odd);
        } catch (NoSuchFileException | NotDirectoryException e) {
          // Gone or swapped while we looked: the next look sees it.
        }
      } else if (!attributes.isRegularFile()) {
        odd.accept(String.join("/", here));
      } else if (found.size() < MOST) {
        found.add(entry(here, attributes));
      } else {
        throw new TooManyException();
      }
    }
  }

  private static Entry entry(List<String> steps, PosixFileAttributes attributes) {
    Set<PosixFilePermission> permissions = attributes.permissions();
    boolean readOnly =
        !permissions.contains(PosixFilePermission.OWNER_WRITE)
            && !permissions.contains(PosixFilePermission.GROUP_WRITE)
            && !permissions.contains(PosixFilePermission.OTHERS_WRITE);
    return new Entry(
        List.copyOf(steps),
        attributes.size(),
        attributes.creationTime().to(TimeUnit.MICROSECONDS),
        attributes.lastModifiedTime().to(TimeUnit.MICROSECONDS),
        readOnly);
  }

  /** Opens a file for reading. */
  SeekableByteChannel open(List<String> steps) throws IOException {
    try (SecureDirectoryStream<Path> top = top()) {
      return open(top, steps, 0);
    }
  }

  private SeekableByteChannel open(SecureDirectoryStream<Path> folder, List<String> steps, int at)
      throws IOException {
    Path name = Path.of(steps.get(at));
    if (at == steps.size() - 1) {
      if (!view(folder, name).readAttributes().isRegularFile()) {
        throw new NoSuchFileException(String.join("/", steps));
      }
      return folder.newByteChannel(name, READ);
    }
    try (SecureDirectoryStream<Path> next =
        folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      return open(next, steps, at + 1);
    }
  }

  /** Removes a file; one that is gone is no error. */
  void remove(List<String> steps) throws IOException {
    try (SecureDirectoryStream<Path> top = top()) {
      remove(top, steps, 0);
    } catch (NoSuchFileException e) {
      // Somebody else was quicker.
    }
  }

  private void remove(SecureDirectoryStream<Path> folder, List<String> steps, int at)
      throws IOException {
    Path name = Path.of(steps.get(at));
    if (at == steps.size() - 1) {
      folder.deleteFile(name);
      return;
    }
    try (SecureDirectoryStream<Path> next =
        folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      remove(next, steps, at + 1);
    }
  }

  @SuppressWarnings("StreamResourceLeak") // The caller closes what it gets.
  private SecureDirectoryStream<Path> top() throws IOException {
    DirectoryStream<Path> stream = Files.newDirectoryStream(root);
    if (stream instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    stream.close();
    throw new IOException("this system cannot open folders safely");
  }

  private static PosixFileAttributeView view(SecureDirectoryStream<Path> folder, Path name) {
    return folder.getFileAttributeView(
        name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }
}
