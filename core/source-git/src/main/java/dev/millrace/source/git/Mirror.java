package dev.millrace.source.git;

import dev.millrace.engine.domain.ProjectId;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.transport.PackParser;
import org.eclipse.jgit.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bare copy of one project's repository. A pack with a larger file than allowed is not taken:
 * the master must be able to hold one in memory.
 */
final class Mirror extends FileRepository {
  private static final Logger LOG = LoggerFactory.getLogger(Mirror.class);

  private final Path folder;
  private final long objectBytes;

  private Mirror(Path folder, long objectBytes) throws IOException {
    super(folder.toFile());
    this.folder = folder;
    this.objectBytes = objectBytes;
  }

  private static Path folder(Path mirrors, ProjectId project) {
    return mirrors.resolve(project + ".git");
  }

  /** Removes the project's mirror, if there is one. */
  static void remove(Path mirrors, ProjectId project) throws IOException {
    FileUtils.delete(
        folder(mirrors, project).toFile(), FileUtils.RECURSIVE | FileUtils.SKIP_MISSING);
  }

  /** Opens the project's mirror, made empty where there is none. */
  static Mirror open(Path mirrors, ProjectId project, long objectBytes) throws IOException {
    Path folder = folder(mirrors, project);
    Mirror mirror = new Mirror(folder, objectBytes);
    if (!Files.exists(folder.resolve("HEAD"))) {
      Files.createDirectories(folder);
      mirror.create(true);
    }
    return mirror;
  }

  /** Removes what fetches left behind that were cut off with their master. */
  static void sweep(Path mirrors) {
    if (!Files.isDirectory(mirrors)) {
      return;
    }
    try (Stream<Path> left =
        Files.find(
            mirrors,
            3,
            (path, attributes) -> mirrors.relativize(path).toString().contains("/incoming_"))) {
      for (Path file : (Iterable<Path>) left::iterator) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("git=sweep folder={} error=\"{}\"", mirrors, e.getMessage());
    }
  }

  /** Bytes on disk. */
  long bytes() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(Mirror::size).sum();
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      // It went away between the listing and now.
      return 0;
    }
  }

  @Override
  public ObjectInserter newObjectInserter() {
    ObjectInserter inserter = super.newObjectInserter();
    return new ObjectInserter.Filter() {
      @Override
      protected ObjectInserter delegate() {
        return inserter;
      }

      @Override
      public PackParser newPackParser(InputStream in) throws IOException {
        PackParser parser = inserter.newPackParser(in);
        parser.setMaxObjectSizeLimit(objectBytes);
        return parser;
      }
    };
  }
}
