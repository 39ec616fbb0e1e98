package dev.millrace.engine.fleet;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.plugins.GuardedCompute;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Fault;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the machines of each group that has a provider as many as its work needs; on the leading
 * master. Every step may be done twice: a node is asked for by its key until the provider has
 * answered, and released until the provider took it back. While a provider is missing its machines
 * are left alone.
 */
@Component(service = Reconciler.class, immediate = true)
public final class Reconciler {
  private static final Logger log = LoggerFactory.getLogger(Reconciler.class);
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final Duration SETTLED = Duration.ofSeconds(5);
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm 'UTC'");

  private final Database database;
  private final Plugins plugins;
  private final Requests requests;
  private final Leadership leadership;
  private final Clock clock;
  private final LongSupplier nanos;
  private final Nodes nodes;
  private final Scaling scaling;
  private final Patience patience = new Patience();
  private final Set<String> strangers = new HashSet<>();
  private final Map<String, String> faults = new HashMap<>();
  private final Optional<Loop> loop;

  @Activate
  public Reconciler(
      @Reference Database database,
      @Reference Plugins plugins,
      @Reference Requests requests,
      @Reference Leadership leadership,
      @Reference Clock clock) {
    this(database, plugins, requests, leadership, clock, System::nanoTime, true);
  }

  Reconciler(
      Database database,
      Plugins plugins,
      Requests requests,
      Leadership leadership,
      Clock clock,
      LongSupplier nanos,
      boolean looping) {
    this.database = database;
    this.plugins = plugins;
    this.requests = requests;
    this.leadership = leadership;
    this.clock = clock;
    this.nanos = nanos;
    this.nodes = new Nodes(database, leadership, clock);
    this.scaling = new Scaling(database, nodes, clock, nanos);
    Loop.Body body = leadership.led(this::tick);
    this.loop =
        looping ? Optional.of(Loop.start("fleet", PERIOD, () -> onceLed(body))) : Optional.empty();
  }

  @Deactivate
  void close() {
    loop.ifPresent(Loop::close);
  }

  private void onceLed(Loop.Body body) throws InterruptedException {
    if (!leadership.leads()) {
      scaling.forget();
      patience.forget();
      strangers.clear();
      faults.clear();
    }
    body.tick();
  }

  /** One look at all providers that have machines, or groups that want some. */
  void tick() {
    Optional<String> installation = database.read(s -> s.settings().get("installation.id"));
    if (installation.isEmpty()) {
      return;
    }
    InstallationId mine = new InstallationId(installation.get());
    Map<EnvironmentId, Environment> groups = new LinkedHashMap<>();
    database
        .read(s -> s.environments().list(new Scope.Everything(), Slice.first(1_000)).items())
        .forEach(group -> groups.put(group.id(), group));
    List<WantedNode> rows = nodes.living();
    scaling.keepOnly(rows.stream().map(WantedNode::key).collect(Collectors.toSet()));
    Set<String> providers = new TreeSet<>();
    groups.values().forEach(group -> group.provider().ifPresent(providers::add));
    rows.forEach(row -> providers.add(row.provider()));
    for (String provider : providers) {
      try {
        reconcile(provider, groups, mine);
        faults.remove(provider);
      } catch (PluginMissing e) {
        fault(provider, String.valueOf(e.getMessage()));
      } catch (PluginException e) {
        patience.refused(provider, e.retryAfter().orElse(Duration.ZERO), nanos.getAsLong());
        String said = said(provider, e);
        fault(provider, said);
        nodes.living().stream()
            .filter(row -> row.provider().equals(provider))
            .filter(row -> row.state() == WantedNode.State.WANTED)
            .forEach(row -> nodes.note(row, said));
      }
    }
  }

  /** Said once for each new reason: the loop comes by every second. */
  private void fault(String provider, String reason) {
    if (!reason.equals(faults.put(provider, reason))) {
      log.warn("fleet=waiting provider={} reason=\"{}\"", provider, reason);
    }
  }

  private void reconcile(
      String provider, Map<EnvironmentId, Environment> groups, InstallationId mine)
      throws PluginMissing, PluginException {
    Optional<GuardedCompute> compute = plugins.compute(provider);
    if (compute.isEmpty()) {
      throw plugins.missing(PluginInfo.Kind.COMPUTE, provider);
    }
    for (Environment group : groups.values()) {
      if (group.provider().equals(Optional.of(provider))) {
        scaling.scale(group, provider, rows(group.id(), provider));
      }
    }
    if (!patience.mayAsk(provider, nanos.getAsLong())) {
      return;
    }
    Map<String, Node> seen = seen(compute.get(), mine);
    patience.granted(provider);
    for (WantedNode row : nodes.living()) {
      if (row.provider().equals(provider)) {
        Optional<Node> node = Optional.ofNullable(seen.remove(row.key()));
        Optional<Environment> group = Optional.ofNullable(groups.get(row.group()));
        step(compute.get(), group, row, node, mine);
      }
    }
    sweep(compute.get(), seen);
  }

  private List<WantedNode> rows(EnvironmentId group, String provider) {
    return database.read(s -> s.nodes().list(Optional.of(group), Nodes.MANY)).stream()
        .filter(row -> row.provider().equals(provider))
        .toList();
  }

  private void step(
      GuardedCompute compute,
      Optional<Environment> group,
      WantedNode row,
      Optional<Node> node,
      InstallationId mine)
      throws PluginMissing {
    boolean unwanted =
        group.flatMap(Environment::provider).filter(row.provider()::equals).isEmpty();
    if (unwanted && row.state() != WantedNode.State.RELEASING) {
      nodes.releasing(row, "its group has another provider now");
      return;
    }
    switch (row.state()) {
      case WANTED -> ensure(compute, group.orElseThrow(), row, mine);
      case RENTED -> rented(compute, group.orElseThrow(), row, node, mine);
      case RELEASING -> release(compute, row, node);
      case GONE -> {
        // Not listed.
      }
    }
  }

  private void ensure(
      GuardedCompute compute, Environment group, WantedNode row, InstallationId mine)
      throws PluginMissing {
    String pause = row.provider() + " " + group.slug();
    if (!patience.mayAsk(pause, nanos.getAsLong())) {
      return;
    }
    try {
      WantedMachine request = requests.request(group, row, mine);
      leadership.check();
      Node made = compute.ensure(request);
      patience.granted(pause);
      faults.remove(pause);
      nodes.rented(row, made.id().value());
    } catch (PluginException e) {
      refused(pause, row, e.retryAfter().orElse(Duration.ZERO), said(row.provider(), e));
    } catch (StoreUnavailable e) {
      refused(pause, row, Duration.ZERO, String.valueOf(e.getMessage()));
    }
  }

  private void refused(String pause, WantedNode row, Duration atLeast, String why) {
    patience.refused(pause, atLeast, nanos.getAsLong());
    nodes.note(row, why);
    fault(pause, why);
  }

  private void rented(
      GuardedCompute compute,
      Environment group,
      WantedNode row,
      Optional<Node> node,
      InstallationId mine)
      throws PluginMissing {
    Instant now = clock.instant();
    if (node.isEmpty()) {
      // Listed when it was rented, not listed now: somebody took it away.
      if (row.modifiedAt().isBefore(now.minus(SETTLED))) {
        nodes.gone(row, "it is no longer there");
      }
    } else if (node.get().state() == Node.State.FAILED) {
      nodes.releasing(row, "it failed: " + node.get().fault().map(Fault::message).orElse(""));
    } else if (nodes.joined(row)) {
      nodes.note(row, "");
    } else if (row.createdAt().isBefore(now.minus(JoinToken.LIFE.multipliedBy(2)))) {
      nodes.releasing(row, "its worker did not join in two hours");
    } else if (!requests.mayJoin(row)) {
      // The token was good for an hour: the same node gets a fresh one.
      ensure(compute, group, row, mine);
    } else {
      nodes.note(
          row,
          node.get()
              .fault()
              .map(fault -> "provider " + row.provider() + " said " + fault.message())
              .orElse(""));
    }
  }

  private void release(GuardedCompute compute, WantedNode row, Optional<Node> node)
      throws PluginMissing {
    boolean usable = node.filter(n -> n.state() != Node.State.FAILED).isPresent();
    boolean asked = row.modifiedAt().isAfter(clock.instant().minus(PERIOD.multipliedBy(2)));
    // What was claimed before the workers were told to take no more may end in peace.
    if (usable && (asked || nodes.load(row.group()).runs(row) > 0)) {
      return;
    }
    try {
      Optional<NodeId> id = node.map(Node::id).or(() -> row.nodeId().map(NodeId::new));
      if (id.isPresent()) {
        leadership.check();
        compute.release(id.get());
      }
      nodes.gone(row, row.detail());
    } catch (PluginException e) {
      fault(row.key(), said(row.provider(), e));
    }
  }

  /** Releases nodes of ours that no row remembers, once two looks in a row have seen them. */
  private void sweep(GuardedCompute compute, Map<String, Node> unknown)
      throws PluginMissing, PluginException {
    for (Node node : unknown.values()) {
      if (node.state() == Node.State.GONE
          || node.state() == Node.State.RELEASING
          || nodes.lives(node.key())) {
        continue;
      }
      if (!strangers.add(node.key())) {
        log.warn("node=orphan key={} id={}", node.key(), node.id().value());
        leadership.check();
        compute.release(node.id());
        strangers.remove(node.key());
      }
    }
  }

  private static Map<String, Node> seen(GuardedCompute compute, InstallationId mine)
      throws PluginMissing, PluginException {
    Map<String, Node> seen = new HashMap<>();
    Optional<Page.Cursor> from = Optional.of(Page.Cursor.START);
    for (int pages = 0; from.isPresent() && pages < Nodes.MANY; pages++) {
      Page<Node> page = compute.nodes(mine, from.get());
      page.items().forEach(n -> seen.put(n.key(), n));
      from = page.next();
    }
    return seen;
  }

  private String said(String provider, PluginException e) {
    return "provider "
        + provider
        + " said "
        + e.kind()
        + " at "
        + TIME.format(clock.instant().atOffset(ZoneOffset.UTC))
        + ": "
        + e.getMessage();
  }
}
