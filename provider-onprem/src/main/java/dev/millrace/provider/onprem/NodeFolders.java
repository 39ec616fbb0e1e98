package dev.millrace.provider.onprem;

import dev.millrace.spi.common.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folders of the nodes: {@code nodes/<installation>/<key>}, each with a record in it. */
final class NodeFolders {
  private static final Logger LOG = LoggerFactory.getLogger(NodeFolders.class);
  private static final String RECORD = "node.properties";
  private static final FileAttribute<Set<PosixFilePermission>> OURS =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> OUR_FOLDER =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x"));

  private final Path root;

  NodeFolders(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  /** The folder of a node, which need not exist. */
  Path folder(String installation, String key) {
    return root.resolve("nodes").resolve(installation).resolve(key);
  }

  Path folder(NodeRecord node) {
    return folder(node.installation(), node.key());
  }

  /** Where the worker of a node keeps identity and runs. */
  Path worker(NodeRecord node) {
    return folder(node).resolve("worker");
  }

  Path tokenFile(NodeRecord node) {
    return folder(node).resolve("join-token");
  }

  Optional<NodeRecord> read(String installation, String key) throws IOException {
    return Optional.ofNullable(record(folder(installation, key)));
  }

  /** Every record, by installation and key; one that cannot be read is logged and left out. */
  List<NodeRecord> all() throws IOException {
    List<NodeRecord> records = new ArrayList<>();
    for (Path installation : children(root.resolve("nodes"))) {
      for (Path folder : children(installation)) {
        if (!Files.isDirectory(folder)) {
          continue;
        }
        try {
          NodeRecord node = record(folder);
          if (node != null) {
            records.add(node);
          }
        } catch (IOException | IllegalArgumentException e) {
          LOG.error(
              "event=node_record_unreadable folder={} remedy=\"restore or remove it\"", folder, e);
        }
      }
    }
    records.sort(Comparator.comparing(NodeRecord::installation).thenComparing(NodeRecord::key));
    return records;
  }

  private static @Nullable NodeRecord record(Path folder) throws IOException {
    Properties text = new Properties();
    try (InputStream in = Files.newInputStream(folder.resolve(RECORD))) {
      text.load(in);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return null;
    }
    return NodeRecord.read(text);
  }

  /** Writes the record whole or not at all; it is on disk when this returns. */
  void write(NodeRecord node) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    node.properties().store(text, null);
    Path folder = folder(node);
    Files.createDirectories(worker(node), OUR_FOLDER);
    replace(folder.resolve(RECORD), text.toByteArray());
  }

  void writeToken(NodeRecord node, Secret token) throws IOException {
    Files.createDirectories(folder(node), OUR_FOLDER);
    replace(tokenFile(node), token.reveal().getBytes(StandardCharsets.UTF_8));
  }

  private static void replace(Path file, byte[] bytes) throws IOException {
    Path part = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID());
    try (FileChannel out =
        FileChannel.open(
            part, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), OURS)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
      out.force(true);
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Removes a node's folder, its record last, so that what is left half way is still a node. */
  void remove(NodeRecord node) throws IOException {
    Path folder = folder(node);
    for (Path child : children(folder)) {
      if (!child.getFileName().toString().equals(RECORD)) {
        delete(child);
      }
    }
    delete(folder);
  }

  /** Removes a file or a folder with all that is in it; follows no link. */
  static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            // What a run has made unreadable for itself must not keep its machine.
            folder.toFile().setWritable(true);
            folder.toFile().setReadable(true);
            folder.toFile().setExecutable(true);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  static List<Path> children(Path folder) throws IOException {
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      entries.forEach(children::add);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
    return children;
  }
}
