package dev.millrace.worker.run;

import dev.millrace.worker.runtime.Handles;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessDeniedException;
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
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The outputs folder, read without ever following a link: each step is taken relative to the opened
 * folder before it, so that user code cannot swap one while it is read.
 */
final class OutputTree {
  private static final Set<OpenOption> READ =
      Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
  private static final int DEPTH = 100;
  private static final long MOST_NAMES = 2_000_000;

  /** A regular file; times are microseconds since 1970. */
  record Entry(String path, long size, long createdMicros, long modifiedMicros, boolean readOnly) {
    /** The names of the folders that lead to it, and its own. */
    List<String> steps() {
      return List.of(path.split("/"));
    }
  }

  /** Says whether a file is wanted; {@code key} tells it from every other of the machine. */
  @FunctionalInterface
  interface Wanted {
    boolean test(Entry file, @Nullable Object key) throws IOException;
  }

  private final Path root;
  private final boolean ended;

  OutputTree(Path root) {
    this(root, false);
  }

  private OutputTree(Path root, boolean ended) {
    this.root = root;
    this.ended = ended;
  }

  /** No process of the run is left: what its mode closes to the owner is opened. */
  static OutputTree ofEnded(Path root) {
    return new OutputTree(root, true);
  }

  /**
   * Puts all files that are outputs and wanted into {@code found}. What is neither file nor folder,
   * and metadata of what is no output, are remarked on; files that are not looked at are a problem.
   */
  void list(Predicate<Entry> wanted, OutputList found, Remarks remarks) throws IOException {
    list((file, key) -> wanted.test(file), found, remarks);
  }

  /** The same, where it matters which file of the machine it is. */
  void list(Wanted wanted, OutputList found, Remarks remarks) throws IOException {
    try (SecureDirectoryStream<Path> top = present()) {
      new Scan(wanted, found, remarks).folder(top, "", 1);
    } catch (AccessDeniedException | NoSuchFileException | NotDirectoryException e) {
      throw SourceException.of(e);
    }
    String full = found.full();
    if (full != null) {
      remarks.problem("", "Not all output files are looked at: " + full);
    }
  }

  private final class Scan {
    private final Wanted wanted;
    private final OutputList found;
    private final Remarks remarks;
    private long names;

    Scan(Wanted wanted, OutputList found, Remarks remarks) {
      this.wanted = wanted;
      this.found = found;
      this.remarks = remarks;
    }

    void folder(SecureDirectoryStream<Path> folder, String above, int depth) throws IOException {
      for (Path child : folder) {
        if (++names == MOST_NAMES) {
          remarks.problem(
              "", "Not all output files are looked at: there are over " + names + " names.");
        }
        if (names >= MOST_NAMES || found.full() != null) {
          return;
        }
        Path name = child.getFileName();
        PosixFileAttributes attributes;
        try {
          attributes = view(folder, name).readAttributes();
        } catch (NoSuchFileException e) {
          continue;
        }
        String path = above + name;
        if (attributes.isDirectory()) {
          below(folder, name, path, depth);
        } else if (!attributes.isRegularFile()) {
          remarks.add(
              "outputs that are not regular files",
              "Output " + path + " is skipped: it is not a regular file.");
        } else if (SidecarMetadata.carrier(path)) {
          carrier(folder, name.toString(), path);
        } else {
          Entry entry = entry(path, attributes);
          if (wanted.test(entry, attributes.fileKey())) {
            found.add(entry);
          }
        }
      }
    }

    private void below(SecureDirectoryStream<Path> folder, Path name, String path, int depth)
        throws IOException {
      if (depth == DEPTH) {
        remarks.problem(
            "output folders that are too deep",
            "Output folder %s is skipped: folders may be %d deep.".formatted(path, DEPTH));
        return;
      }
      try (SecureDirectoryStream<Path> next = enter(folder, name)) {
        folder(next, path + "/", depth + 1);
      } catch (NoSuchFileException | NotDirectoryException e) {
        // Gone or swapped while we looked: the next look sees it.
      } catch (AccessDeniedException e) {
        remarks.problem(
            "output folders that cannot be read",
            "Output folder " + path + " is skipped: its mode keeps the worker out.");
      }
    }

    private void carrier(SecureDirectoryStream<Path> folder, String name, String path)
        throws IOException {
      String output = SidecarMetadata.output(path);
      if (output == null) {
        return;
      }
      String beside = name.substring(0, name.length() - (path.length() - output.length()));
      try {
        if (!beside.isEmpty() && view(folder, Path.of(beside)).readAttributes().isRegularFile()) {
          return;
        }
      } catch (NoSuchFileException e) {
        // Said below.
      }
      remarks.add(
          "metadata files without an output",
          "Metadata file " + path + " is ignored: there is no output of that name.");
    }
  }

  private static Entry entry(String path, PosixFileAttributes attributes) {
    Set<PosixFilePermission> permissions = attributes.permissions();
    // What its owner may not read is not made to be read.
    boolean readOnly =
        permissions.contains(PosixFilePermission.OWNER_READ)
            && !permissions.contains(PosixFilePermission.OWNER_WRITE)
            && !permissions.contains(PosixFilePermission.GROUP_WRITE)
            && !permissions.contains(PosixFilePermission.OTHERS_WRITE);
    return new Entry(
        path,
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
      try {
        return folder.newByteChannel(name, READ);
      } catch (AccessDeniedException e) {
        if (ended && OwnerAccess.letIn(folder, name)) {
          return folder.newByteChannel(name, READ);
        }
        throw e;
      }
    }
    try (SecureDirectoryStream<Path> next =
        folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      return open(next, steps, at + 1);
    }
  }

  private SecureDirectoryStream<Path> enter(SecureDirectoryStream<Path> folder, Path name)
      throws IOException {
    try {
      return entered(folder, name);
    } catch (AccessDeniedException e) {
      if (ended && OwnerAccess.letIn(folder, name)) {
        return entered(folder, name);
      }
      throw e;
    }
  }

  /** Opened, and its names can be looked up: one without the right to search lists, and no more. */
  private static SecureDirectoryStream<Path> entered(SecureDirectoryStream<Path> folder, Path name)
      throws IOException {
    SecureDirectoryStream<Path> next = folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS);
    try {
      view(next, Path.of(".")).readAttributes();
      return next;
    } catch (IOException e) {
      next.close();
      throw e;
    }
  }

  /**
   * Removes a file if it still is what was found, {@code key} included: what has taken its place
   * stays. One that is gone is no error. False where something is left there.
   */
  boolean remove(Entry file, @Nullable Object key) throws IOException {
    try (SecureDirectoryStream<Path> top = top()) {
      return remove(top, file, key, 0);
    } catch (NoSuchFileException e) {
      // Somebody else was quicker.
      return true;
    }
  }

  private boolean remove(
      SecureDirectoryStream<Path> folder, Entry file, @Nullable Object key, int at)
      throws IOException {
    List<String> steps = file.steps();
    Path name = Path.of(steps.get(at));
    if (at == steps.size() - 1) {
      PosixFileAttributes now = view(folder, name).readAttributes();
      boolean same =
          now.isRegularFile()
              && Objects.equals(now.fileKey(), key)
              && entry(file.path(), now).equals(file);
      if (same) {
        folder.deleteFile(name);
      }
      return same;
    }
    try (SecureDirectoryStream<Path> next =
        folder.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
      return remove(next, file, key, at + 1);
    }
  }

  /** What keeps the folder itself from being opened is not cured by time. */
  private SecureDirectoryStream<Path> present() throws SourceException {
    try {
      return top();
    } catch (IOException e) {
      throw SourceException.of(e);
    }
  }

  private SecureDirectoryStream<Path> top() throws IOException {
    return Handles.open(root);
  }

  private static PosixFileAttributeView view(SecureDirectoryStream<Path> folder, Path name) {
    return folder.getFileAttributeView(
        name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
  }
}
