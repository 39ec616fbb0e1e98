package dev.millrace.store.filesystem;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import dev.millrace.spi.storage.WriteOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.Designate;

/**
 * An artifact store in a folder. A blob is written to a file of its own, forced to disk, and only
 * then takes its name; so readers and a loss of power see all of it or nothing.
 */
@Component(
    service = ArtifactStore.class,
    configurationPid = "dev.millrace.store.filesystem",
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    immediate = true)
@Designate(ocd = FileSystemAccount.class, factory = true)
public final class FileSystemStore implements ArtifactStore {
  private static final int PAGE = 1000;
  private static final int BUFFER = 1 << 16;
  // A folder may be emptied and removed by a delete between our making it and our using it.
  private static final int PLACE_ATTEMPTS = 1000;

  private final StoreFolder folder;
  private final FreeSpace space;
  private final Set<StoreFeature> features;

  @Activate
  public FileSystemStore(FileSystemAccount account) throws IOException {
    this(account.folder());
  }

  FileSystemStore(String folder) throws IOException {
    this(StoreFolder.open(folder), FreeSpace.of(Path.of(folder)));
  }

  FileSystemStore(StoreFolder folder, FreeSpace space) throws IOException {
    this.folder = folder;
    this.space = space;
    EnumSet<StoreFeature> can = EnumSet.of(StoreFeature.STRONG_LISTING);
    if (this.folder.canLink()) {
      can.add(StoreFeature.WRITE_IF_ABSENT);
    }
    this.features = Set.copyOf(can);
  }

  @Override
  public Set<StoreFeature> features() {
    return features;
  }

  @Override
  public URI root() {
    return folder.uri();
  }

  @Override
  public Optional<Blob> stat(BlobKey key, CallContext call) throws PluginException {
    try {
      Path path = folder.path(key);
      return folder.isInside(path) ? attributes(path).map(a -> blob(key, a)) : Optional.empty();
    } catch (IOException e) {
      throw FileErrors.translate("describe " + key, e);
    }
  }

  @Override
  public Blob write(BlobKey key, InputStream body, WriteOptions options, CallContext call)
      throws PluginException {
    if (options.ifAbsent() && !features.contains(StoreFeature.WRITE_IF_ABSENT)) {
      throw new PluginException(
          Kind.UNSUPPORTED, "the file system of " + folder.uri() + " has no hard links");
    }
    try {
      space.require(key, options.size().orElse(0));
    } catch (IOException e) {
      throw FileErrors.translate("write " + key, e);
    }
    Path part = folder.newPart(UUID.randomUUID().toString());
    try {
      try (FileChannel file =
          FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        copy(key, body, file, options, call);
        file.force(true);
      }
      Blob blob = blob(key, Files.readAttributes(part, BasicFileAttributes.class));
      place(key, part, options.ifAbsent());
      return blob;
    } catch (IOException e) {
      throw FileErrors.translate("write " + key, e);
    } finally {
      folder.drop(part);
    }
  }

  private void copy(
      BlobKey key, InputStream body, FileChannel file, WriteOptions options, CallContext call)
      throws PluginException, IOException {
    byte[] buffer = new byte[BUFFER];
    long limit = options.size().orElse(Long.MAX_VALUE);
    long written = 0;
    long looked = 0;
    for (int n = next(body, buffer); n >= 0; n = next(body, buffer)) {
      written += n;
      if (written > limit) {
        break;
      }
      if (call.remaining().isZero()) {
        throw new PluginException(
            Kind.UNAVAILABLE, "writing " + key + " took longer than the call may take");
      }
      if (written - looked >= FreeSpace.STEP) {
        looked = written;
        space.require(key, n);
      }
      ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    }
    if (options.size().isPresent() && written != limit) {
      throw new PluginException(
          Kind.INVALID,
          "the body of "
              + key
              + " has "
              + (written > limit ? "more" : written)
              + " bytes, not the stated "
              + limit);
    }
  }

  private static int next(InputStream body, byte[] buffer) throws PluginException {
    try {
      return body.read(buffer);
    } catch (IOException e) {
      throw new PluginException(
          Kind.UNAVAILABLE, "the body could not be read to its end: " + e.getMessage(), e);
    }
  }

  /** Gives a finished file its name: by rename, which replaces, or by link, which does not. */
  private void place(BlobKey key, Path part, boolean ifAbsent) throws PluginException, IOException {
    Path target = folder.path(key);
    for (int attempt = 1; ; attempt++) {
      try {
        folder.makeParents(target);
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS) && !folder.dropEmpty(target)) {
          throw new PluginException(
              Kind.CONFLICT, key + " is a folder of other blobs in this store");
        }
        if (ifAbsent) {
          Files.createLink(target, part);
        } else {
          Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        }
        folder.forceParents(target);
        return;
      } catch (FileAlreadyExistsException e) {
        if (attributes(target).isPresent()) {
          throw new PluginException(Kind.CONFLICT, "there is a blob " + key + " already", e);
        }
        if (folder.blobAbove(target)) {
          throw new PluginException(
              Kind.CONFLICT, "a folder of " + key + " is a blob in this store", e);
        }
        again(attempt, e);
      } catch (NoSuchFileException e) {
        again(attempt, e);
      }
    }
  }

  private static void again(int attempt, IOException e) throws IOException {
    if (attempt == PLACE_ATTEMPTS) {
      throw e;
    }
  }

  @Override
  public InputStream read(BlobKey key, ByteRange range, CallContext call) throws PluginException {
    try {
      Path path = folder.path(key);
      if (!folder.isInside(path) || attributes(path).isEmpty()) {
        throw new PluginException(Kind.NOT_FOUND, "there is no blob " + key);
      }
      FileChannel file = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
      try {
        long size = file.size();
        if (range.from() > 0 && range.from() >= size) {
          throw new PluginException(
              Kind.INVALID,
              "the range begins at byte " + range.from() + "; " + key + " has " + size);
        }
        long length = Math.min(range.length().orElse(Long.MAX_VALUE), size - range.from());
        return new FileSlice(file, range.from(), length);
      } catch (PluginException | IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw new PluginException(Kind.NOT_FOUND, "there is no blob " + key, e);
    } catch (IOException e) {
      throw FileErrors.translate("read " + key, e);
    }
  }

  @Override
  public Page<Blob> list(String prefix, Page.Cursor from, CallContext call) throws PluginException {
    try {
      List<BlobKey> keys = new FolderWalk(folder, prefix, from.token(), PAGE + 1, call).keys();
      List<Blob> blobs = new ArrayList<>();
      for (BlobKey key : keys.subList(0, Math.min(PAGE, keys.size()))) {
        // A blob may be deleted between being seen and being described.
        attributes(folder.path(key)).ifPresent(a -> blobs.add(blob(key, a)));
      }
      return keys.size() <= PAGE
          ? Page.last(blobs)
          : new Page<>(blobs, Optional.of(new Page.Cursor(keys.get(PAGE - 1).value())));
    } catch (IOException e) {
      throw FileErrors.translate("list " + prefix, e);
    }
  }

  @Override
  public void delete(BlobKey key, CallContext call) throws PluginException {
    try {
      Path path = folder.path(key);
      if (folder.isInside(path) && attributes(path).isPresent()) {
        Files.deleteIfExists(path);
        folder.dropEmptyParents(path);
      }
    } catch (IOException e) {
      throw FileErrors.translate("delete " + key, e);
    }
  }

  /** Empty for anything but a regular file: a link that somebody put there is not followed. */
  private static Optional<BasicFileAttributes> attributes(Path path) throws IOException {
    try {
      return Optional.of(
              Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS))
          .filter(BasicFileAttributes::isRegularFile);
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Optional.empty();
    } catch (IOException e) {
      if (FileErrors.isNotDirectory(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Blob blob(BlobKey key, BasicFileAttributes file) {
    String etag =
        Long.toHexString(file.lastModifiedTime().to(TimeUnit.NANOSECONDS))
            + "-"
            + Long.toHexString(file.size())
            + "-"
            + Integer.toHexString(String.valueOf(file.fileKey()).hashCode());
    return new Blob(key, file.size(), etag, file.lastModifiedTime().toInstant());
  }
}
