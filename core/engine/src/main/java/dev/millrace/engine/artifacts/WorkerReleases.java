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
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The workers that this master ships, in {@code <home>/worker/}, one archive for each operating
 * system and architecture. An archive is put into the installation's store unless its hash is
 * there, and machines load it from the store.
 */
@Component(service = WorkerReleases.class)
public final class WorkerReleases {
  private static final Duration VALIDITY = Duration.ofHours(1);
  private static final int STORES = 1_000;
  private static final Pattern NAME =
      Pattern.compile(
          "millrace-worker-(?<version>[0-9][0-9A-Za-z.+_]*(-[0-9A-Za-z.+_]+)*?)"
              + "-(?<os>[a-z0-9]+)-(?<arch>[a-z0-9_]+)\\.tar\\.gz");

  private final Database database;
  private final Blobs blobs;
  private final Transfers transfers;
  private final Settings settings;
  private volatile Map<String, Shipped> hashed = Map.of();

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

  /** {@code seen} tells one file from another of the same name. */
  private record Shipped(Path file, String version, String seen, String sha256) {}

  /**
   * The shipped release for Linux on amd64, after making sure that it is in the store; empty where
   * none is shipped.
   *
   * @throws StoreUnavailable if the store cannot be used now
   */
  public Optional<Loadable> current() {
    return shipped("linux", "amd64").flatMap(this::loadable);
  }

  private Optional<Loadable> loadable(Shipped release) {
    Optional<DataStore> store =
        database.read(
            s ->
                s.dataStores().list(new Scope.Everything(), Slice.first(STORES)).items().stream()
                    .filter(d -> d.owner().isEmpty())
                    .findFirst());
    if (store.isEmpty()) {
      return Optional.empty();
    }
    String key = "releases/" + release.sha256();
    blobs.ensure(store.get(), key, release.file());
    return Optional.of(
        new Loadable(
            release.version(),
            release.sha256(),
            transfers.download(
                store.get(), key, Optional.empty(), VALIDITY, settings.workerUrl())));
  }

  /**
   * The shipped release for a worker of another one, newer or older; empty for a worker that has
   * it, for a machine that none is shipped for, and while the store cannot be used.
   */
  public Optional<Loadable> wantedInsteadOf(String release, String os, String arch) {
    Optional<Shipped> shipped = shipped(os, arch).filter(s -> !s.version().equals(release));
    try {
      return shipped.flatMap(this::loadable);
    } catch (StoreUnavailable e) {
      return Optional.empty();
    }
  }

  /** Hashed once; a file that was replaced meanwhile is another one. */
  private Optional<Shipped> shipped(String os, String arch) {
    Path folder = settings.home().resolve("worker");
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches() && name.group("os").equals(os) && name.group("arch").equals(arch)) {
          return Optional.of(hashed(file, name.group("version")));
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("the worker's archive below " + folder + " cannot be read", e);
    }
  }

  private Shipped hashed(Path file, String version) throws IOException {
    String seen = Files.getLastModifiedTime(file) + " " + Files.size(file);
    String name = file.getFileName().toString();
    Shipped known = hashed.get(name);
    if (known == null || !known.seen().equals(seen)) {
      known = new Shipped(file, version, seen, sha256(file));
      Map<String, Shipped> more = new HashMap<>(hashed);
      more.put(name, known);
      hashed = Map.copyOf(more);
    }
    return known;
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
