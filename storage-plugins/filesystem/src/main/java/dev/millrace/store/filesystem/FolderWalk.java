package dev.millrace.store.filesystem;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.storage.BlobKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Walks the folders of a store in the order of the keys, and enters only those in which there can
 * be keys that begin with the prefix and come after the last one seen.
 */
final class FolderWalk {
  private final StoreFolder folder;
  private final String prefix;
  private final String after;
  private final byte[] afterBytes;
  private final int limit;
  private final CallContext call;
  private final List<BlobKey> found = new ArrayList<>();

  /** A name in a folder; {@code text} has a slash at its end if it is a folder of keys. */
  private record Entry(Path path, String text, byte[] order) implements Comparable<Entry> {
    boolean isFolder() {
      return text.endsWith("/");
    }

    @Override
    public int compareTo(Entry other) {
      return Arrays.compareUnsigned(order, other.order);
    }
  }

  FolderWalk(StoreFolder folder, String prefix, String after, int limit, CallContext call) {
    this.folder = folder;
    this.prefix = prefix;
    this.after = after;
    this.afterBytes = after.getBytes(StandardCharsets.UTF_8);
    this.limit = limit;
    this.call = call;
  }

  List<BlobKey> keys() throws IOException, PluginException {
    walk(folder.blobs(), "");
    return found;
  }

  private void walk(Path directory, String above) throws IOException, PluginException {
    if (call.remaining().isZero()) {
      throw new PluginException(
          Kind.UNAVAILABLE, "listing " + prefix + " took longer than the call may take");
    }
    List<Entry> entries = new ArrayList<>();
    read(directory, List.of(), entries);
    Collections.sort(entries);
    for (Entry entry : entries) {
      if (found.size() >= limit) {
        return;
      }
      String key = above + entry.text();
      if (entry.isFolder()) {
        if ((key.startsWith(prefix) || prefix.startsWith(key))
            && (after.startsWith(key) || isAfter(key))) {
          walk(entry.path(), key);
        }
      } else if (key.startsWith(prefix) && isAfter(key)) {
        found.add(new BlobKey(key));
      }
    }
  }

  private boolean isAfter(String key) {
    return Arrays.compareUnsigned(key.getBytes(StandardCharsets.UTF_8), afterBytes) > 0;
  }

  /** Reads a folder, and with it the pieces of long names, which are folders on the disk only. */
  private static void read(Path directory, List<String> begun, List<Entry> into)
      throws IOException {
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(directory)) {
      for (Path path : paths) {
        Path fileName = path.getFileName();
        if (fileName == null) {
          continue;
        }
        List<String> names = new ArrayList<>(begun);
        names.add(fileName.toString());
        boolean isFolder = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
        if (isFolder && fileName.toString().endsWith(BlobNames.GOES_ON)) {
          read(path, names, into);
        } else if (isFolder || Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          // A name that this store would not have written is not its own, and not listed.
          BlobNames.decode(names)
              .map(segment -> isFolder ? segment + "/" : segment)
              .ifPresent(
                  text -> into.add(new Entry(path, text, text.getBytes(StandardCharsets.UTF_8))));
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // Deleted since its parent was read: then there is nothing in it.
      return;
    }
  }
}
