package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo.Figures;
import dev.millrace.engine.domain.PluginInfo.Kind;
import dev.millrace.engine.domain.PluginInfo.Service;
import dev.millrace.engine.domain.PluginInfo.State;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.registry.ImageRegistry;
import dev.millrace.spi.storage.ArtifactStore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The services that are there, each behind its guard; of two with one name the first is used. */
final class PluginDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(PluginDirectory.class);

  /** One service: which bundle it came from, its guard, and what others see of it. */
  private static final class Entry {
    final Kind kind;
    final String name;
    final long bundle;
    final Guard<?> guard;
    private @Nullable Object view;
    private @Nullable String unusable;

    Entry(Kind kind, String name, long bundle, Guard<?> guard) {
      this.kind = kind;
      this.name = name;
      this.bundle = bundle;
      this.guard = guard;
    }
  }

  private final Clock clock;
  private final Pace pace;
  private final Map<Object, Entry> byService = new ConcurrentHashMap<>();
  private final List<Entry> entries = new CopyOnWriteArrayList<>();
  private final Map<String, String> gone = new ConcurrentHashMap<>();
  private final List<PluginListener> listeners = new CopyOnWriteArrayList<>();

  PluginDirectory(Clock clock, Pace pace) {
    this.clock = clock;
    this.pace = pace;
  }

  void addStore(Object service, String name, long bundle, ArtifactStore store) {
    Guard<ArtifactStore> guard = guard(Kind.STORE, name, store, GuardPolicy.STORE);
    add(service, new Entry(Kind.STORE, name, bundle, guard), () -> new GuardedStore(name, guard));
  }

  void addCompute(Object service, String name, long bundle, ComputeProvider compute) {
    Guard<ComputeProvider> guard = guard(Kind.COMPUTE, name, compute, GuardPolicy.COMPUTE);
    add(
        service,
        new Entry(Kind.COMPUTE, name, bundle, guard),
        () -> new GuardedCompute(name, guard));
  }

  void addRegistry(Object service, String name, long bundle, ImageRegistry registry) {
    Guard<ImageRegistry> guard = guard(Kind.REGISTRY, name, registry, GuardPolicy.REGISTRY);
    add(
        service,
        new Entry(Kind.REGISTRY, name, bundle, guard),
        () -> new GuardedRegistry(name, guard));
  }

  /** Drains a service and lets go of it; everybody who still holds its view gets PluginMissing. */
  void remove(Object service) {
    Entry entry = byService.remove(service);
    if (entry == null) {
      return;
    }
    boolean wasUsed = find(entry.kind, entry.name).orElse(null) == entry;
    entries.remove(entry);
    if (wasUsed) {
      gone.put(id(entry.kind, entry.name), "its plugin was removed at " + clock.instant());
      tell(entry, find(entry.kind, entry.name).isPresent());
    }
    boolean drained = entry.guard.drain();
    LOG.info(
        "event=plugin-service-gone kind={} name={} drained={}", entry.kind, entry.name, drained);
  }

  Optional<GuardedStore> store(String name) {
    return find(Kind.STORE, name).map(entry -> (GuardedStore) entry.view);
  }

  Optional<GuardedCompute> compute(String name) {
    return find(Kind.COMPUTE, name).map(entry -> (GuardedCompute) entry.view);
  }

  List<GuardedRegistry> registries() {
    List<GuardedRegistry> all = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.kind == Kind.REGISTRY
          && entry.view instanceof GuardedRegistry registry
          && find(entry.kind, entry.name).orElse(null) == entry) {
        all.add(registry);
      }
    }
    all.sort(Comparator.comparing(GuardedRegistry::name));
    return all;
  }

  PluginMissing missing(Kind kind, String name) {
    String id = id(kind, name);
    for (Entry entry : entries) {
      if (id(entry.kind, entry.name).equals(id) && entry.unusable != null) {
        return new PluginMissing(id + " is out of use: " + entry.unusable);
      }
    }
    String why = gone.getOrDefault(id, "no plugin with an account of that name is running");
    return new PluginMissing(id + " is missing: " + why);
  }

  /** The services of one bundle. */
  List<Service> services(long bundle) {
    List<Service> all = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.bundle != bundle) {
        continue;
      }
      Health health = entry.guard.health();
      Figures figures = entry.guard.figures();
      String kind = entry.kind.name().toLowerCase(Locale.ROOT);
      Entry used = find(entry.kind, entry.name).orElse(null);
      if (entry.unusable == null && used != null && used != entry) {
        all.add(
            new Service(
                kind,
                entry.name,
                State.REFUSED,
                "another plugin has an account of the same name; rename one of the two files",
                health.since(),
                figures));
      } else {
        all.add(
            new Service(
                kind, entry.name, health.state(), health.reason(), health.since(), figures));
      }
    }
    return all;
  }

  Plugins.Subscription listen(PluginListener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  private <P> Guard<P> guard(Kind kind, String name, P plugin, GuardPolicy policy) {
    return new Guard<>(id(kind, name), plugin, policy, pace, clock);
  }

  private interface Opening {
    Object open() throws PluginException, PluginMissing;
  }

  private void add(Object service, Entry entry, Opening opening) {
    try {
      entry.view = opening.open();
    } catch (PluginException | PluginMissing e) {
      entry.unusable = e.getMessage();
      entry.guard.quarantine(e.getMessage() + "; replace the plugin's jar or change its account");
    }
    byService.put(service, entry);
    entries.add(entry);
    LOG.info(
        "event=plugin-service-came kind={} name={} state={}",
        entry.kind,
        entry.name,
        entry.guard.health().state());
    if (find(entry.kind, entry.name).orElse(null) == entry) {
      gone.remove(id(entry.kind, entry.name));
      tell(entry, true);
    }
  }

  private Optional<Entry> find(Kind kind, String name) {
    for (Entry entry : entries) {
      if (entry.kind == kind && entry.name.equals(name) && entry.view != null) {
        return Optional.of(entry);
      }
    }
    return Optional.empty();
  }

  private void tell(Entry entry, boolean there) {
    for (PluginListener listener : listeners) {
      try {
        listener.changed(entry.kind, entry.name, there);
      } catch (RuntimeException e) {
        LOG.warn("event=plugin-listener-failed kind={} name={}", entry.kind, entry.name, e);
      }
    }
  }

  private static String id(Kind kind, String name) {
    return kind.name().toLowerCase(Locale.ROOT) + " " + name;
  }
}
