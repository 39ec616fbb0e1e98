package dev.millrace.engine.fleet;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.plugins.GuardedCompute;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.scheduler.Planner;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.WorkerBoot;
import dev.millrace.spi.compute.WorkerRelease;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the machines of each group that has a provider as many as its work needs. Every step may be
 * done twice: a node is asked for by its key until the provider has answered, and released until it
 * is no longer listed.
 */
@Component(service = Reconciler.class, immediate = true)
public final class Reconciler {
  private static final Logger log = LoggerFactory.getLogger(Reconciler.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final int MANY = 1_000;

  private final Database database;
  private final Plugins plugins;
  private final WorkerReleases releases;
  private final InstallationKey key;
  private final Settings settings;
  private final Clock clock;
  private final Uuid7 ids;
  private final Map<String, Instant> idleSince = new HashMap<>();
  private final Set<String> strangers = new HashSet<>();
  private final Map<EnvironmentId, String> faults = new HashMap<>();
  private final Loop loop;

  @Activate
  public Reconciler(
      @Reference Database database,
      @Reference Plugins plugins,
      @Reference WorkerReleases releases,
      @Reference InstallationKey key,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.plugins = plugins;
    this.releases = releases;
    this.key = key;
    this.settings = settings;
    this.clock = clock;
    this.ids = new Uuid7(clock);
    this.loop = Loop.start("fleet", PERIOD, this::tick);
  }

  @Deactivate
  void close() {
    loop.close();
  }

  private void tick() {
    Optional<String> installation = database.read(s -> s.settings().get("installation.id"));
    if (installation.isEmpty()) {
      return;
    }
    InstallationId mine = new InstallationId(installation.get());
    List<Environment> groups =
        database.read(
            s -> s.environments().list(new Scope.Everything(), Slice.first(MANY)).items());
    for (Environment group : groups) {
      if (group.provider().isPresent()) {
        try {
          reconcile(group, group.provider().get(), mine);
          faults.remove(group.id());
        } catch (PluginMissing | PluginException | StoreUnavailable e) {
          // Said once for each new reason: the loop comes by every second.
          String reason = String.valueOf(e.getMessage());
          if (!reason.equals(faults.put(group.id(), reason))) {
            log.warn("fleet=waiting group={} reason=\"{}\"", group.slug(), reason);
          }
        }
      }
    }
  }

  private void reconcile(Environment group, String provider, InstallationId mine)
      throws PluginMissing, PluginException {
    Optional<GuardedCompute> compute = plugins.compute(provider);
    if (compute.isEmpty()) {
      throw plugins.missing(PluginInfo.Kind.COMPUTE, provider);
    }
    scale(group, provider);
    Map<String, Node> seen = seen(compute.get(), mine, group);
    for (WantedNode row : rows(group)) {
      step(compute.get(), group, row, Optional.ofNullable(seen.remove(row.key())), mine);
    }
    sweep(compute.get(), seen);
  }

  private void scale(Environment group, String provider) {
    Instant now = clock.instant();
    List<WantedNode> living =
        rows(group).stream().filter(r -> r.state() != WantedNode.State.RELEASING).toList();
    Map<String, Integer> runs = runs(group);
    for (WantedNode row : living) {
      if (runs.getOrDefault(row.key(), 0) > 0) {
        idleSince.remove(row.key());
      } else {
        idleSince.putIfAbsent(row.key(), now);
      }
    }
    int waiting = database.read(s -> s.executions().queued(group.id(), MANY)).size();
    int running = runs.values().stream().mapToInt(Integer::intValue).sum();
    Planner.Scale plan =
        Planner.scale(
            waiting + running,
            living.stream()
                .map(
                    r ->
                        new Planner.Machine(
                            r.key(),
                            runs.getOrDefault(r.key(), 0),
                            Duration.between(idleSince.getOrDefault(r.key(), now), now)))
                .toList(),
            new Planner.Bounds(
                group.slots(),
                group.enabled() ? group.scaleMin() : 0,
                group.enabled() ? group.scaleMax() : 0,
                Duration.ofMinutes(group.scaleDownGraceMinutes())));
    for (int i = 0; i < plan.grow(); i++) {
      WantedNode fresh =
          new WantedNode(
              ids.next().toString(),
              group.id(),
              provider,
              WantedNode.State.WANTED,
              Optional.empty(),
              "",
              now,
              now,
              1);
      insert(fresh);
      log.info("node=wanted group={} key={}", group.slug(), fresh.key());
    }
    for (WantedNode row : living) {
      if (plan.shrink().contains(row.key())) {
        change(row, WantedNode.State.RELEASING, row.nodeId(), "idle");
      }
    }
  }

  private void step(
      GuardedCompute compute,
      Environment group,
      WantedNode row,
      Optional<Node> node,
      InstallationId mine)
      throws PluginMissing, PluginException {
    switch (row.state()) {
      case WANTED -> {
        Optional<WorkerReleases.Loadable> release = releases.current();
        if (release.isPresent()) {
          Node made = compute.ensure(request(group, row, release.get(), mine));
          change(row, WantedNode.State.RENTED, Optional.of(made.id().value()), "");
        } else {
          throw new StoreUnavailable("this distribution ships no worker for its machines");
        }
      }
      case RENTED -> {
        // Listed when it was rented, not listed now: somebody took it away.
        boolean settled = row.modifiedAt().isBefore(clock.instant().minus(PERIOD.multipliedBy(5)));
        if (node.isEmpty() && settled) {
          change(row, WantedNode.State.GONE, row.nodeId(), "it is no longer there");
        } else if (node.isPresent() && node.get().state() == Node.State.FAILED) {
          change(row, WantedNode.State.RELEASING, row.nodeId(), "it failed");
        }
      }
      case RELEASING -> {
        if (row.nodeId().isPresent()) {
          compute.release(new NodeId(row.nodeId().get()));
        }
        retire(row.key());
        change(row, WantedNode.State.GONE, row.nodeId(), row.detail());
        idleSince.remove(row.key());
      }
      case GONE -> idleSince.remove(row.key());
    }
  }

  /** Releases nodes of ours that no row remembers, once two looks in a row have seen them. */
  private void sweep(GuardedCompute compute, Map<String, Node> unknown)
      throws PluginMissing, PluginException {
    for (Node node : unknown.values()) {
      if (node.state() == Node.State.GONE || node.state() == Node.State.RELEASING) {
        continue;
      }
      if (!strangers.add(node.key())) {
        log.warn("node=orphan key={} id={}", node.key(), node.id().value());
        compute.release(node.id());
        strangers.remove(node.key());
      }
    }
  }

  private WantedMachine request(
      Environment group, WantedNode row, WorkerReleases.Loadable release, InstallationId mine) {
    Secret token = key.newToken();
    Instant now = clock.instant();
    database.transact(
        s -> {
          s.tokens()
              .insert(
                  new JoinToken(
                      new TokenId(ids.next()),
                      InstallationKey.hash(token),
                      group.id(),
                      Optional.of(row.key()),
                      now,
                      now.plus(JoinToken.LIFE),
                      Optional.empty(),
                      Optional.empty()));
          return true;
        });
    return new WantedMachine(
        row.key(),
        mine,
        group.slug(),
        group.machineType(),
        new WorkerBoot(
            URI.create(settings.workerUrl()),
            dev.millrace.spi.common.Secret.of(token.reveal()),
            new WorkerRelease(
                release.version(), URI.create(release.request().url()), release.sha256()),
            group.slots()));
  }

  private static Map<String, Node> seen(
      GuardedCompute compute, InstallationId mine, Environment group)
      throws PluginMissing, PluginException {
    Map<String, Node> seen = new HashMap<>();
    Optional<Page.Cursor> from = Optional.of(Page.Cursor.START);
    for (int pages = 0; from.isPresent() && pages < MANY; pages++) {
      Page<Node> page = compute.nodes(mine, from.get());
      page.items().stream()
          .filter(n -> n.group().equals(group.slug()))
          .forEach(n -> seen.put(n.key(), n));
      from = page.next();
    }
    return seen;
  }

  /** Runs by node key, of workers that are on nodes of this group. */
  private Map<String, Integer> runs(Environment group) {
    return database.read(
        s -> {
          Map<String, Integer> runs = new HashMap<>();
          for (Worker worker : s.workers().list(Optional.of(group.id()), MANY)) {
            worker
                .nodeKey()
                .ifPresent(
                    k -> runs.merge(k, s.executions().leasedTo(worker.id()).size(), Integer::sum));
          }
          return runs;
        });
  }

  /** The workers of a node that was given back may not come again. */
  private void retire(String nodeKey) {
    Instant now = clock.instant();
    database.transact(
        s -> {
          for (Worker worker : s.workers().list(Optional.empty(), MANY)) {
            if (worker.nodeKey().equals(Optional.of(nodeKey))) {
              s.workers().update(removed(worker, now));
            }
          }
          return true;
        });
  }

  private static Worker removed(Worker w, Instant now) {
    return new Worker(
        w.id(),
        w.group(),
        w.name(),
        w.credentialHash(),
        w.nonce(),
        w.nodeKey(),
        w.release(),
        w.os(),
        w.arch(),
        w.slots(),
        w.cpus(),
        w.memoryMiB(),
        w.gpus(),
        w.runtimes(),
        w.draining(),
        w.registeredAt(),
        w.lastSeenAt(),
        Optional.of(now),
        w.beat(),
        w.version());
  }

  private List<WantedNode> rows(Environment group) {
    return database.read(s -> s.nodes().list(Optional.of(group.id()), MANY));
  }

  private void insert(WantedNode node) {
    database.transact(
        s -> {
          s.nodes().insert(node);
          return true;
        });
  }

  private void change(
      WantedNode row, WantedNode.State state, Optional<String> nodeId, String detail) {
    WantedNode after =
        new WantedNode(
            row.key(),
            row.group(),
            row.provider(),
            state,
            nodeId,
            detail,
            row.createdAt(),
            clock.instant(),
            row.version());
    if (database.transact(s -> s.nodes().update(after))) {
      log.info(
          "node={} key={} reason=\"{}\"",
          state.name().toLowerCase(java.util.Locale.ROOT),
          row.key(),
          detail);
    }
  }
}
