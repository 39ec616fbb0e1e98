package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The worker that this release ships, in {@code <home>/worker/}: it is put into the installation's
 * store unless its hash is there, and machines load it from the store.
 */
@Component(service = WorkerReleases.class)
public final class WorkerReleases {
  private static final Duration VALIDITY = Duration.ofHours(1);
  private static final int STORES = 1_000;

  private final Database database;
  private final Blobs blobs;
  private final Transfers transfers;
  private final Settings settings;
  private volatile Optional<Shipped> shipped = Optional.empty();

  @Activate
  public WorkerReleases(
      @Reference Database database,
      @Reference Blobs blobs,
      @Reference Transfers transfers,
      @Reference Settings settings) {
    this.database = database;
    this.blobs = blobs;
    this.transfers = transfers;
    this.settings = settings;
  }

  /** A release that a machine can load now: its version, its hash, and a signed request for it. */
  public record Loadable(String version, String sha256, Transfer request) {}

  private record Shipped(Path file, String sha256) {}

  /**
   * The shipped release, after making sure that it is in the store; empty where none is shipped.
   *
   * @throws StoreUnavailable if the store cannot be used now
   */
  public Optional<Loadable> current() {
    Optional<Shipped> release = shipped();
    Optional<DataStore> store =
        database.read(
            s ->
                s.dataStores().list(new Scope.Everything(), Slice.first(STORES)).items().stream()
                    .filter(d -> d.owner().isEmpty())
                    .findFirst());
    if (release.isEmpty() || store.isEmpty()) {
      return Optional.empty();
    }
    String key = "releases/" + release.get().sha256();
    blobs.ensure(store.get(), key, release.get().file());
    return Optional.of(
        new Loadable(
            settings.release(),
            release.get().sha256(),
            transfers.download(
                store.get(), key, Optional.empty(), VALIDITY, settings.workerUrl())));
  }

  /**
   * The shipped release for a worker of another one; empty for a worker that has it, and while the
   * store cannot be used.
   */
  public Optional<Loadable> wantedInsteadOf(String release) {
    if (release.equals(settings.release())) {
      return Optional.empty();
    }
    try {
      return current();
    } catch (StoreUnavailable e) {
      return Optional.empty();
    }
  }

  private Optional<Shipped> shipped() {
    if (shipped.isPresent()) {
      return shipped;
    }
    Path folder = settings.home().resolve("worker");
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(folder)) {
      Optional<Path> archive =
          files.filter(f -> f.getFileName().toString().endsWith(".tar.gz")).sorted().findFirst();
      if (archive.isPresent()) {
        shipped = Optional.of(new Shipped(archive.get(), sha256(archive.get())));
      }
      return shipped;
    } catch (IOException e) {
      throw new UncheckedIOException("the worker's archive below " + folder + " cannot be read", e);
    }
  }

  private static String sha256(Path file) throws IOException {
    try (InputStream in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(((DigestInputStream) in).getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
