package dev.millrace.engine.fleet;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.plugins.GuardedCompute;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Fault;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machines of one provider, on a loop of their own: a provider that hangs holds up nothing but
 * its own groups. Every step may be done twice: a node is asked for by its key until the provider
 * has answered, and released until the provider took it back. While the provider is missing its
 * machines are left alone.
 */
final class Lane implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Lane.class);
  static final Duration PERIOD = Duration.ofSeconds(1);
  private static final Duration SETTLED = Duration.ofSeconds(5);
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm 'UTC'");

  private final String provider;
  private final FleetContext fleet;
  private final Nodes nodes;
  private final Scaling scaling;
  private final Unseen unseen;
  private final Patience patience = new Patience();
  private final Set<NodeId> strangers = new HashSet<>();
  private final Map<String, String> faults = new HashMap<>();
  private final Optional<Loop> loop;

  /** Where it is not {@code looping}, {@link #tick} is called by hand. */
  Lane(String provider, FleetContext fleet, boolean looping) {
    this.provider = provider;
    this.fleet = fleet;
    this.nodes =
        new Nodes(fleet.database(), fleet.leadership(), fleet.clock(), fleet.self().master());
    this.unseen = new Unseen(fleet.self().workerLost());
    this.scaling = new Scaling(fleet.database(), nodes, fleet.clock(), fleet.nanos());
    Loop.Body body = fleet.leadership().led(this::tick);
    this.loop =
        looping ? Optional.of(Loop.start("fleet-" + provider, PERIOD, body)) : Optional.empty();
  }

  String provider() {
    return provider;
  }

  /** Ends its loop; a call to the provider that is under way is interrupted. */
  @Override
  public void close() {
    loop.ifPresent(Loop::close);
  }

  /** One look at the provider's machines and at the groups that want some. */
  void tick() {
    Optional<String> installation = fleet.database().read(s -> s.settings().get("installation.id"));
    if (installation.isEmpty()) {
      return;
    }
    Map<EnvironmentId, Environment> groups = new LinkedHashMap<>();
    fleet
        .database()
        .read(s -> s.environments().list(new Scope.Everything(), Slice.first(1_000)).items())
        .forEach(group -> groups.put(group.id(), group));
    List<WantedNode> rows = living();
    Set<String> keys = rows.stream().map(WantedNode::key).collect(Collectors.toSet());
    scaling.keepOnly(keys);
    unseen.keepOnly(keys);
    try {
      reconcile(groups, rows, new InstallationId(installation.get()));
      faults.remove(provider);
    } catch (PluginMissing e) {
      fault(provider, String.valueOf(e.getMessage()));
    } catch (PluginException e) {
      patience.refused(provider, e.retryAfter().orElse(Duration.ZERO), now());
      String said = said(e);
      fault(provider, said);
      living().stream()
          .filter(row -> row.state() == WantedNode.State.WANTED)
          .forEach(row -> nodes.note(row, said));
    }
  }

  private List<WantedNode> living() {
    return nodes.living().stream().filter(row -> row.provider().equals(provider)).toList();
  }

  private long now() {
    return fleet.nanos().getAsLong();
  }

  /** Said once for each new reason: the loop comes by every second. */
  private void fault(String what, String reason) {
    if (!reason.equals(faults.put(what, reason))) {
      log.warn("fleet=waiting provider={} reason=\"{}\"", provider, reason);
    }
  }

  private void reconcile(
      Map<EnvironmentId, Environment> groups, List<WantedNode> before, InstallationId mine)
      throws PluginMissing, PluginException {
    Optional<GuardedCompute> compute = fleet.plugins().compute(provider);
    if (compute.isEmpty()) {
      throw fleet.plugins().missing(PluginInfo.Kind.COMPUTE, provider);
    }
    for (Environment group : groups.values()) {
      if (group.provider().equals(Optional.of(provider))) {
        List<WantedNode> rows =
            before.stream().filter(row -> row.group().equals(group.id())).toList();
        scaling.scale(group, provider, rows);
      }
    }
    if (!patience.mayAsk(provider, now())) {
      return;
    }
    List<Node> seen = seen(compute.get(), mine);
    patience.granted(provider);
    Set<NodeId> known = new HashSet<>();
    Look look = new Look(nodes.beats(), new HashMap<>());
    for (WantedNode row : living()) {
      Optional<Node> node = pick(row, seen);
      node.ifPresent(n -> known.add(n.id()));
      Optional<Environment> group = Optional.ofNullable(groups.get(row.group()));
      step(compute.get(), group, new Machine(row, node), look, mine);
    }
    sweep(compute.get(), seen.stream().filter(n -> !known.contains(n.id())).toList());
  }

  /** The row's node; a provider that rented two under one key has the one that it named first. */
  private static Optional<Node> pick(WantedNode row, List<Node> seen) {
    List<Node> all = seen.stream().filter(n -> n.key().equals(row.key())).toList();
    return all.stream()
        .filter(n -> row.nodeId().equals(Optional.of(n.id().value())))
        .findFirst()
        .or(() -> all.stream().findFirst());
  }

  /** A row and what the provider shows of it. */
  private record Machine(WantedNode row, Optional<Node> node) {}

  /** What was read once for all machines. */
  private record Look(Map<String, Long> beats, Map<EnvironmentId, Nodes.Load> loads) {}

  private void step(
      GuardedCompute compute,
      Optional<Environment> group,
      Machine machine,
      Look look,
      InstallationId mine)
      throws PluginMissing {
    WantedNode row = machine.row();
    boolean unwanted =
        group.flatMap(Environment::provider).filter(row.provider()::equals).isEmpty();
    if (unwanted && row.state() != WantedNode.State.RELEASING) {
      nodes.releasing(row, "its group has another provider now");
      return;
    }
    switch (row.state()) {
      case WANTED -> ensure(compute, group.orElseThrow(), row, mine);
      case RENTED -> rented(compute, group.orElseThrow(), machine, look, mine);
      case RELEASING -> release(compute, machine, look);
      case GONE -> {
        // Not listed.
      }
    }
  }

  private void ensure(
      GuardedCompute compute, Environment group, WantedNode row, InstallationId mine)
      throws PluginMissing {
    String pause = provider + " " + group.slug();
    if (!patience.mayAsk(pause, now())) {
      return;
    }
    try {
      WantedMachine request = fleet.requests().request(group, row, mine);
      fleet.leadership().check();
      Node made = compute.ensure(request);
      patience.granted(pause);
      faults.remove(pause);
      nodes.rented(row, made.id().value());
    } catch (PluginException e) {
      refused(pause, row, e.retryAfter().orElse(Duration.ZERO), said(e));
    } catch (StoreUnavailable e) {
      refused(pause, row, Duration.ZERO, String.valueOf(e.getMessage()));
    }
  }

  private void refused(String pause, WantedNode row, Duration atLeast, String why) {
    patience.refused(pause, atLeast, now());
    nodes.note(row, why);
    fault(pause, why);
  }

  private void rented(
      GuardedCompute compute, Environment group, Machine machine, Look look, InstallationId mine)
      throws PluginMissing {
    WantedNode row = machine.row();
    Optional<Node> node = machine.node();
    Instant now = fleet.clock().instant();
    if (node.isEmpty() && !nodes.mine(row)) {
      unseen(row, look);
    } else if (node.isEmpty()) {
      // Listed when it was rented, not listed now: somebody took it away.
      if (row.modifiedAt().isBefore(now.minus(SETTLED))) {
        nodes.gone(row, "it is no longer there");
      }
    } else if (node.get().state() == Node.State.FAILED) {
      nodes.releasing(row, "it failed: " + node.get().fault().map(Fault::message).orElse(""));
    } else if (!nodes.mine(row)) {
      nodes.seen(row);
    } else if (look.beats().containsKey(row.key())) {
      nodes.note(row, "");
    } else if (row.createdAt().isBefore(now.minus(JoinToken.LIFE.multipliedBy(2)))) {
      nodes.releasing(row, "its worker did not join in two hours");
    } else if (!fleet.requests().mayJoin(row)) {
      // The token was good for an hour: the same node gets a fresh one.
      ensure(compute, group, row, mine);
    } else {
      nodes.note(
          row,
          node.get()
              .fault()
              .map(fault -> "provider " + provider + " said " + fault.message())
              .orElse(""));
    }
  }

  /** That this master does not see it proves nothing; that its worker is silent does. */
  private void unseen(WantedNode row, Look look) {
    Long beat = look.beats().getOrDefault(row.key(), -1L);
    if (unseen.silent(row.key(), beat, now())) {
      nodes.gone(row, "its master has gone and its worker is silent");
    } else {
      nodes.note(row, "a machine is on another master, which goes on without being seen here");
    }
  }

  private void release(GuardedCompute compute, Machine machine, Look look) throws PluginMissing {
    WantedNode row = machine.row();
    Optional<Node> node = machine.node();
    boolean elsewhere = node.isEmpty() && !nodes.mine(row);
    boolean usable = elsewhere || node.filter(n -> n.state() != Node.State.FAILED).isPresent();
    boolean asked = row.modifiedAt().isAfter(fleet.clock().instant().minus(PERIOD.multipliedBy(2)));
    // What was claimed before the workers were told to take no more may end in peace.
    Nodes.Load load = look.loads().computeIfAbsent(row.group(), nodes::load);
    if (usable && (asked || load.runs(row) > 0)) {
      return;
    }
    try {
      Optional<NodeId> id = node.map(Node::id).or(() -> row.nodeId().map(NodeId::new));
      if (id.isPresent()) {
        fleet.leadership().check();
        compute.release(id.get());
      }
      nodes.gone(row, row.detail());
    } catch (PluginException e) {
      fault(row.key(), said(e));
    }
  }

  /** Releases nodes of ours that no row means, once two looks in a row have seen them. */
  private void sweep(GuardedCompute compute, List<Node> unknown)
      throws PluginMissing, PluginException {
    Set<NodeId> orphans = new HashSet<>();
    for (Node node : unknown) {
      if (node.state() == Node.State.GONE
          || node.state() == Node.State.RELEASING
          || nodes.means(node)) {
        continue;
      }
      if (strangers.contains(node.id())) {
        log.warn("node=orphan key={} id={}", node.key(), node.id().value());
        fleet.leadership().check();
        compute.release(node.id());
      } else {
        orphans.add(node.id());
      }
    }
    strangers.clear();
    strangers.addAll(orphans);
  }

  private static List<Node> seen(GuardedCompute compute, InstallationId mine)
      throws PluginMissing, PluginException {
    List<Node> seen = new ArrayList<>();
    Optional<Page.Cursor> from = Optional.of(Page.Cursor.START);
    for (int pages = 0; from.isPresent() && pages < Nodes.MANY; pages++) {
      Page<Node> page = compute.nodes(mine, from.get());
      seen.addAll(page.items());
      from = page.next();
    }
    return seen;
  }

  private String said(PluginException e) {
    return "provider "
        + provider
        + " said "
        + e.kind()
        + " at "
        + TIME.format(fleet.clock().instant().atOffset(ZoneOffset.UTC))
        + ": "
        + e.getMessage();
  }
}
