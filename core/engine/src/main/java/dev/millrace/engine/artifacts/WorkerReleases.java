package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.loop.Loop;
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
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The workers that this master ships, in {@code <home>/worker/}, one archive for each operating
 * system and architecture. A loop of its own puts an archive into the installation's store unless
 * its hash is there, and machines load it from the store; whoever asks gets what the loop saw last.
 */
@Component(service = WorkerReleases.class, immediate = true)
public final class WorkerReleases {
  private static final Duration VALIDITY = Duration.ofHours(1);
  private static final Duration PERIOD = Duration.ofMillis(500);

  /** Quick ones, while a master starts and its stores come; then one every five seconds. */
  private static final int QUICK_TRIES = 20;

  private static final Duration TRIED_AGAIN = Duration.ofSeconds(5);

  /** How long an answer stands before the store is asked again whether it has the archive. */
  private static final Duration FRESH = Duration.ofMinutes(1);

  /** How long one is given out while the store does not answer; its request is good for longer. */
  private static final Duration USABLE = Duration.ofMinutes(30);

  private static final Duration FIRST_LOOK = Duration.ofSeconds(10);
  private static final int STORES = 1_000;
  private static final Pattern NAME =
      Pattern.compile(
          "millrace-worker-(?<version>[0-9][0-9A-Za-z.+_]*(-[0-9A-Za-z.+_]+)*?)"
              + "-(?<os>[a-z0-9]+)-(?<arch>[a-z0-9_]+)\\.tar\\.gz");

  private final Database database;
  private final Blobs blobs;
  private final Transfers transfers;
  private final Settings settings;
  private final LongSupplier nanos;
  private final Optional<Loop> loop;
  private final CountDownLatch looked = new CountDownLatch(1);
  private volatile Map<String, Shipped> hashed = Map.of();
  private volatile Map<String, Known> known = Map.of();

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
    this.nanos = System::nanoTime;
    this.loop = Optional.of(Loop.start("worker-releases", PERIOD, this::refresh));
  }

  /** One whose {@link #refresh} is called by hand. */
  public WorkerReleases(
      Database database, Blobs blobs, Transfers transfers, Settings settings, LongSupplier nanos) {
    this.database = database;
    this.blobs = blobs;
    this.transfers = transfers;
    this.settings = settings;
    this.nanos = nanos;
    this.loop = Optional.empty();
  }

  @Deactivate
  void close() {
    loop.ifPresent(Loop::close);
  }

  /** A release that a machine can load now: its version, its hash, and a signed request for it. */
  public record Loadable(String version, String sha256, Transfer request) {}

  /** {@code seen} tells one file from another of the same name. */
  private record Shipped(Path file, String version, String machine, String seen, String sha256) {}

  /** What the last look has shown of one archive; {@code why} it cannot be loaded. */
  private record Known(
      Shipped shipped, Optional<Loadable> loadable, String why, int tries, long at) {}

  /** Puts what this master ships into the store. The one place that waits for the store. */
  public void refresh() {
    try {
      Map<String, Known> next = new HashMap<>();
      for (Shipped shipped : shipped()) {
        Known before = known.get(shipped.machine());
        next.put(
            shipped.machine(),
            before != null && before.shipped().equals(shipped) ? again(before) : look(shipped, 0));
      }
      known = Map.copyOf(next);
    } finally {
      looked.countDown();
    }
  }

  private Known again(Known before) {
    return stands(before) ? before : look(before.shipped(), before.tries());
  }

  private boolean stands(Known before) {
    Duration age = Duration.ofNanos(nanos.getAsLong() - before.at());
    if (before.loadable().isPresent()) {
      return age.compareTo(FRESH) < 0;
    }
    return before.tries() > QUICK_TRIES && age.compareTo(TRIED_AGAIN) < 0;
  }

  private Known look(Shipped shipped, int tries) {
    long at = nanos.getAsLong();
    try {
      Optional<Loadable> loadable = loadable(shipped);
      return new Known(shipped, loadable, "the installation has no data store yet", tries + 1, at);
    } catch (StoreUnavailable e) {
      return new Known(shipped, Optional.empty(), String.valueOf(e.getMessage()), tries + 1, at);
    }
  }

  /**
   * The shipped release for Linux on amd64; empty where none is shipped.
   *
   * @throws StoreUnavailable if it is not in the store, because that cannot be used now
   */
  public Optional<Loadable> current() {
    if (loop.isPresent()) {
      awaitFirstLook();
    }
    Known amd64 = known.get("linux amd64");
    if (amd64 == null) {
      return Optional.empty();
    }
    return Optional.of(good(amd64).orElseThrow(() -> new StoreUnavailable(amd64.why())));
  }

  private void awaitFirstLook() {
    try {
      if (!looked.await(FIRST_LOOK.toSeconds(), TimeUnit.SECONDS)) {
        throw new StoreUnavailable("the worker's archive is still on its way into the store");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailable("the master is being stopped");
    }
  }

  private Optional<Loadable> good(Known known) {
    return known.loadable().filter(l -> nanos.getAsLong() - known.at() < USABLE.toNanos());
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
   * it, for a machine that none is shipped for, and while it is not in the store. Answers from
   * memory: claims and beats ask.
   */
  public Optional<Loadable> wantedInsteadOf(String release, String os, String arch) {
    return Optional.ofNullable(known.get(os + " " + arch))
        .filter(k -> !k.shipped().version().equals(release))
        .flatMap(this::good);
  }

  /** The first by name for each kind of machine. */
  private Collection<Shipped> shipped() {
    Path folder = settings.home().resolve("worker");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    Map<String, Shipped> found = new LinkedHashMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches()) {
          String machine = name.group("os") + " " + name.group("arch");
          if (!found.containsKey(machine)) {
            found.put(machine, hashed(file, name.group("version"), machine));
          }
        }
      }
      return found.values();
    } catch (IOException e) {
      throw new UncheckedIOException("the worker's archive below " + folder + " cannot be read", e);
    }
  }

  /** Hashed once; a file that was replaced meanwhile is another one. */
  private Shipped hashed(Path file, String version, String machine) throws IOException {
    String seen = Files.getLastModifiedTime(file) + " " + Files.size(file);
    String name = file.getFileName().toString();
    Shipped known = hashed.get(name);
    if (known == null || !known.seen().equals(seen)) {
      known = new Shipped(file, version, machine, seen, sha256(file));
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
