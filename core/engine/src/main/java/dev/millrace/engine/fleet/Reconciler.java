package dev.millrace.engine.fleet;

import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.keys.MasterName;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Makes the machines of each group that has a provider as many as its work needs; on the leading
 * master. Each provider has a {@link Lane} while it has machines, or groups that want some.
 */
@Component(service = Reconciler.class, immediate = true)
public final class Reconciler {
  private final FleetContext fleet;
  private final boolean looping;
  private final Map<String, Lane> lanes = new TreeMap<>();
  private final Optional<Loop> loop;

  @Activate
  public Reconciler(
      @Reference Database database,
      @Reference Plugins plugins,
      @Reference Requests requests,
      @Reference Leadership leadership,
      @Reference Settings settings,
      @Reference Clock clock) {
    this(
        new FleetContext(
            database,
            plugins,
            requests,
            leadership,
            clock,
            System::nanoTime,
            new FleetContext.Self(MasterName.of(settings.data()), settings.workerLost())),
        true);
  }

  /** Where it is not {@code looping}, {@link #tick} is called by hand and ticks the lanes too. */
  Reconciler(FleetContext fleet, boolean looping) {
    this.fleet = fleet;
    this.looping = looping;
    Loop.Body body = fleet.leadership().led(this::tick);
    this.loop =
        looping
            ? Optional.of(Loop.start("fleet", Lane.PERIOD, () -> onceLed(body)))
            : Optional.empty();
  }

  @Deactivate
  void close() {
    loop.ifPresent(Loop::close);
    closeAllBut(Set.of());
  }

  /** What a lane remembers is worth nothing once another master has led. */
  private void onceLed(Loop.Body body) throws InterruptedException {
    if (!fleet.leadership().leads()) {
      closeAllBut(Set.of());
    }
    body.tick();
  }

  /** Gives each provider that has machines, or groups that want some, its lane. */
  void tick() {
    Set<String> providers = new TreeSet<>();
    fleet
        .database()
        .read(s -> s.environments().list(new Scope.Everything(), Slice.first(1_000)).items())
        .forEach(group -> group.provider().ifPresent(providers::add));
    fleet.database().read(s -> s.nodes().list(Optional.empty(), Nodes.MANY)).stream()
        .map(WantedNode::provider)
        .forEach(providers::add);
    closeAllBut(providers);
    for (String provider : providers) {
      Lane lane = lanes.computeIfAbsent(provider, name -> new Lane(name, fleet, looping));
      if (!looping) {
        lane.tick();
      }
    }
  }

  private void closeAllBut(Set<String> providers) {
    lanes
        .values()
        .removeIf(
            lane -> {
              boolean over = !providers.contains(lane.provider());
              if (over) {
                lane.close();
              }
              return over;
            });
  }
}
