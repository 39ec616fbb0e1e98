package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.PluginInfo.Service;
import dev.millrace.engine.domain.PluginInfo.State;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes what runs the same as what lies in {@code plugins/}: of each plugin the highest version
 * that starts. It is one idempotent tick of a loop; a jar is read once its size and time stand
 * still.
 */
final class PluginInstaller {
  private static final Logger LOG = LoggerFactory.getLogger(PluginInstaller.class);
  private static final Duration SETTLED = Duration.ofSeconds(2);
  private static final int MOST_JARS = 1000;

  /** What tells one content of a file from another without reading it. */
  private record Snapshot(long size, Instant modified, @Nullable Instant signers) {}

  /** A file in the folder: as last seen, and what became of its content when it was last read. */
  private static final class Seen {
    private @Nullable Snapshot last;
    private @Nullable Snapshot read;
    private @Nullable PluginJar jar;
    private @Nullable String refusal;
    private Instant since = Instant.EPOCH;
  }

  private record Active(PluginJar jar, PluginRuntime.Installed installed, Instant since) {}

  private record Failure(String reason, Instant since) {}

  private final Path folder;
  private final Path signers;
  private final Path copies;
  private final PluginJar.Promised promised;
  private final PluginRuntime runtime;
  private final Clock clock;
  private final Map<String, Seen> seen = new TreeMap<>();
  private final Map<String, Active> active = new TreeMap<>();
  private final Map<String, Failure> failures = new HashMap<>();
  private final List<LeftThreads> departed = new ArrayList<>();
  private volatile List<Listed> listed = List.of();

  PluginInstaller(
      Path home, Path copies, PluginJar.Promised promised, PluginRuntime runtime, Clock clock) {
    this.folder = home.resolve("plugins");
    this.signers = home.resolve("conf/trusted-plugins.pem");
    this.copies = copies;
    this.promised = promised;
    this.runtime = runtime;
    this.clock = clock;
  }

  /** One look at the folder, and what follows from it. */
  synchronized void tick() throws IOException {
    look();
    publish();
    Map<String, List<PluginJar>> wanted = new TreeMap<>();
    for (Seen file : seen.values()) {
      if (file.jar != null) {
        wanted.computeIfAbsent(file.jar.name(), name -> new ArrayList<>()).add(file.jar);
      }
    }
    Set<String> names = new TreeSet<>(wanted.keySet());
    names.addAll(active.keySet());
    for (String name : names) {
      List<PluginJar> candidates = wanted.getOrDefault(name, List.of());
      settle(name, candidates.stream().sorted().toList());
      publish();
    }
    departed.removeIf(left -> !left.look(clock.instant()));
    dropCopies();
  }

  /**
   * Every jar in the folder with what became of it, and what plugins that were taken out left
   * behind; {@code services} are those of a bundle. Never waits for a tick: a plugin that drains
   * would hold it up.
   */
  List<PluginInfo> list(LongFunction<List<Service>> services) {
    return listed.stream().map(each -> each.info(services)).toList();
  }

  /** A plugin as it stands; its services are asked when it is shown. */
  private record Listed(PluginInfo plugin, OptionalLong bundle) {
    PluginInfo info(LongFunction<List<Service>> services) {
      if (bundle.isEmpty()) {
        return plugin;
      }
      List<Service> own = services.apply(bundle.getAsLong());
      Optional<Service> worst =
          own.stream().max((one, other) -> one.state().compareTo(other.state()));
      return new PluginInfo(
          plugin.name(),
          plugin.version(),
          plugin.file(),
          worst.map(Service::state).orElse(State.READY),
          worst.map(Service::reason).orElse("no account in conf/ uses it"),
          worst.map(Service::since).orElse(plugin.since()),
          own);
    }
  }

  private void publish() {
    List<Listed> all = new ArrayList<>();
    seen.forEach(
        (file, entry) -> {
          if (entry.refusal != null) {
            all.add(bare("", "", file, State.REFUSED, entry.refusal, entry.since));
          } else if (entry.jar != null) {
            all.add(describe(entry.jar, entry.since));
          }
        });
    for (LeftThreads left : departed) {
      PluginJar jar = left.jar();
      all.add(
          bare(
              jar.name(),
              jar.version().toString(),
              jar.file(),
              State.MISSING,
              left.words(),
              left.since()));
    }
    listed = List.copyOf(all);
  }

  private Listed describe(PluginJar jar, Instant since) {
    Active running = active.get(jar.name());
    String version = jar.version().toString();
    Failure failure = failures.get(key(jar));
    if (running != null && running.jar().isSame(jar)) {
      PluginInfo plugin =
          new PluginInfo(
              jar.name(), version, jar.file(), State.READY, "", running.since(), List.of());
      return new Listed(plugin, OptionalLong.of(running.installed().bundle()));
    }
    if (failure != null) {
      String goesOn =
          running == null ? "" : "; version " + running.jar().version() + " goes on running";
      return bare(
          jar.name(),
          version,
          jar.file(),
          State.FAILED,
          failure.reason() + goesOn,
          failure.since());
    }
    String other =
        running == null
            ? "another jar of the same plugin comes first"
            : "version " + running.jar().version() + " in " + running.jar().file() + " runs";
    return bare(jar.name(), version, jar.file(), State.SUPERSEDED, other, since);
  }

  private static Listed bare(
      String name, String version, String file, State state, String reason, Instant since) {
    return new Listed(
        new PluginInfo(
            name.isEmpty() ? file : name, version, file, state, reason, since, List.of()),
        OptionalLong.empty());
  }

  private void look() throws IOException {
    Set<String> there = new HashSet<>();
    Instant trust = modified(signers);
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(folder, "[!.]*.jar")) {
        for (Path jar : jars) {
          Path name = jar.getFileName();
          if (name != null && there.size() < MOST_JARS) {
            there.add(name.toString());
            look(jar, seen.computeIfAbsent(name.toString(), file -> new Seen()), trust);
          }
        }
      }
    }
    seen.keySet().retainAll(there);
    failures.keySet().removeIf(key -> !there.contains(key.substring(key.indexOf(' ') + 1)));
  }

  private void look(Path jar, Seen entry, @Nullable Instant trust) throws IOException {
    BasicFileAttributes file;
    try {
      file = Files.readAttributes(jar, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (file.isSymbolicLink()) {
        file = Files.readAttributes(jar, BasicFileAttributes.class);
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Snapshot now = new Snapshot(file.size(), file.lastModifiedTime().toInstant(), trust);
    boolean still =
        now.equals(entry.last)
            || now.modified().isBefore(clock.instant().minus(SETTLED)) && entry.last == null;
    entry.last = now;
    if (!still || now.equals(entry.read)) {
      return;
    }
    entry.read = now;
    entry.since = clock.instant();
    try {
      PluginJar read = PluginJar.read(jar, copies, promised);
      Optional<TrustedSigners> trusted = TrustedSigners.read(signers);
      if (trusted.isPresent()) {
        trusted.get().check(read.copy());
      }
      entry.jar = read;
      entry.refusal = null;
    } catch (RefusedJar e) {
      entry.jar = null;
      entry.refusal = e.getMessage();
      LOG.warn("event=plugin-refused file={} reason=\"{}\"", jar.getFileName(), e.getMessage());
    }
  }

  private static @Nullable Instant modified(Path file) throws IOException {
    return Files.exists(file) ? Files.getLastModifiedTime(file).toInstant() : null;
  }

  private void settle(String name, List<PluginJar> candidates) {
    Active running = active.get(name);
    for (PluginJar jar : candidates) {
      if (running != null && running.jar().isSame(jar)) {
        return;
      }
      if (failures.containsKey(key(jar))) {
        continue;
      }
      try {
        PluginRuntime.Installed installed = running == null ? begin(jar) : replace(running, jar);
        active.put(name, new Active(jar, installed, clock.instant()));
        // Its threads cannot be told from those that an earlier life of it left.
        departed.removeIf(left -> left.jar().name().equals(name));
        LOG.info("event=plugin-runs name={} version={} file={}", name, jar.version(), jar.file());
        return;
      } catch (FailedPlugin e) {
        failures.put(key(jar), new Failure(String.valueOf(e.getMessage()), clock.instant()));
        LOG.warn(
            "event=plugin-failed name={} version={} file={} reason=\"{}\"",
            name,
            jar.version(),
            jar.file(),
            e.getMessage());
        running = active.get(name);
      }
    }
    // A jar that was overwritten with one that is no good goes on running until its file is gone.
    if (running != null && !seen.containsKey(running.jar().file())) {
      running.installed().remove();
      active.remove(name);
      List<PluginJar> others = active.values().stream().map(Active::jar).toList();
      LeftThreads.of(running.jar(), others, clock.instant()).ifPresent(departed::add);
      LOG.info("event=plugin-removed name={} version={}", name, running.jar().version());
    }
  }

  private PluginRuntime.Installed begin(PluginJar jar) throws FailedPlugin {
    PluginRuntime.Installed fresh = runtime.install(jar);
    try {
      fresh.start();
      return fresh;
    } catch (FailedPlugin e) {
      fresh.remove();
      throw e;
    }
  }

  /** Puts one in the place of another; if the new one fails, the old one runs as before. */
  private PluginRuntime.Installed replace(Active old, PluginJar jar) throws FailedPlugin {
    boolean sameVersion = old.jar().version().equals(jar.version());
    boolean wasWell = old.installed().complaint().isEmpty();
    // The framework holds one bundle of a name and version at a time.
    if (sameVersion) {
      old.installed().remove();
    }
    PluginRuntime.Installed fresh = null;
    try {
      fresh = runtime.install(jar);
      if (!sameVersion) {
        old.installed().stop();
      }
      fresh.start();
      Optional<String> complaint = fresh.complaint();
      if (wasWell && complaint.isPresent()) {
        throw new FailedPlugin(complaint.get());
      }
      if (!sameVersion) {
        old.installed().remove();
      }
      return fresh;
    } catch (FailedPlugin e) {
      if (fresh != null) {
        fresh.remove();
      }
      restore(old, sameVersion);
      throw e;
    }
  }

  private void restore(Active old, boolean wasRemoved) {
    try {
      if (wasRemoved) {
        PluginRuntime.Installed again = begin(old.jar());
        active.put(old.jar().name(), new Active(old.jar(), again, old.since()));
      } else {
        old.installed().start();
      }
    } catch (FailedPlugin e) {
      active.remove(old.jar().name());
      old.installed().remove();
      LOG.error(
          "event=plugin-lost name={} version={} reason=\"{}\" action=\"put a working jar into plugins/\"",
          old.jar().name(),
          old.jar().version(),
          e.getMessage());
    }
  }

  private void dropCopies() throws IOException {
    Set<Path> needed = new HashSet<>();
    Collection<Seen> files = seen.values();
    files.forEach(file -> addCopy(needed, file.jar));
    active.values().forEach(running -> needed.add(running.jar().copy()));
    if (Files.isDirectory(copies)) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(copies)) {
        for (Path copy : all) {
          if (!needed.contains(copy)) {
            Files.deleteIfExists(copy);
          }
        }
      }
    }
  }

  private static void addCopy(Set<Path> needed, @Nullable PluginJar jar) {
    if (jar != null) {
      needed.add(jar.copy());
    }
  }

  private static String key(PluginJar jar) {
    return jar.sha256() + " " + jar.file();
  }
}
