package dev.millrace.launcher;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The data folder, held by one master at a time. */
final class DataFolder implements AutoCloseable {
  private final Path folder;
  private final FileChannel channel;

  private DataFolder(Path folder, FileChannel channel) {
    this.folder = folder;
    this.channel = channel;
  }

  /**
   * Makes the folder, readable by its owner only, and locks it; refused while another master has
   * it.
   */
  static DataFolder open(Path folder) throws Refusal {
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(folder);
        if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
          Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        }
      }
      Files.createDirectories(folder.resolve("run"));
      PrivateFiles.data(folder);
      FileChannel channel =
          FileChannel.open(
              folder.resolve("run/lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        channel.close();
        throw new Refusal(
            "Another master uses the data folder "
                + folder
                + ". Stop it (bin/millrace stop), or give this one another folder by MILLRACE_DATA.");
      }
      DataFolder data = new DataFolder(folder, channel);
      Files.deleteIfExists(data.stateFile());
      data.dropUploads();
      return data;
    } catch (IOException e) {
      throw new Refusal(
          "The data folder "
              + folder
              + " cannot be used: "
              + e
              + ". Give the user that runs Millrace the right to write there, or set MILLRACE_DATA.");
    }
  }

  /** What a master that was killed had half received or half packed. */
  private void dropUploads() throws IOException {
    Path uploads = folder.resolve("uploads");
    if (Files.isDirectory(uploads)) {
      try (DirectoryStream<Path> left = Files.newDirectoryStream(uploads)) {
        for (Path file : left) {
          Files.delete(file);
        }
      }
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  Path cache() {
    return folder.resolve("cache");
  }

  Path path() {
    return folder;
  }

  /** Tells bin/millrace who runs, where, and how far the start has come. */
  void tell(String state, String address) throws IOException {
    Map<String, String> facts =
        Map.of("pid", "" + ProcessHandle.current().pid(), "address", address, "state", state);
    StringBuilder text = new StringBuilder();
    facts.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    Path next = folder.resolve("run/master.next");
    Files.writeString(next, text);
    Files.move(
        next, stateFile(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path stateFile() {
    return folder.resolve("run/master");
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(stateFile());
    channel.close();
  }
}
