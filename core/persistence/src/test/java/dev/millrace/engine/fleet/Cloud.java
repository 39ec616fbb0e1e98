package dev.millrace.engine.fleet;

import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.plugins.GuardedCompute;
import dev.millrace.engine.plugins.GuardedRegistry;
import dev.millrace.engine.plugins.GuardedStore;
import dev.millrace.engine.plugins.PluginListener;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.MachineType;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.NodeRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A provider called {@code cloud} that can be taken away, filled up and asked what it did. */
public class Cloud implements ComputeProvider, Plugins {
  final Map<String, Node> nodes = new LinkedHashMap<>();
  final List<NodeRequest> asked = new ArrayList<>();
  final List<String> released = new ArrayList<>();
  public boolean missing;

  /** Whether its machines are shown to another master alone. */
  boolean hidden;

  /** Another provider, by its name. */
  Optional<Map.Entry<String, ComputeProvider>> other = Optional.empty();

  Optional<PluginException> refusal = Optional.empty();

  /** Rents another node under the key of the first. */
  void twin() {
    Node first = nodes.values().iterator().next();
    Node twin =
        new Node(
            new NodeId("twin"),
            first.key(),
            first.group(),
            Node.State.RUNNING,
            Optional.empty(),
            List.of(),
            Instant.EPOCH,
            Optional.empty());
    nodes.put("twin", twin);
  }

  /** Rents a node that nobody asked for. */
  void stranger(String key) {
    nodes.put(key, node(key, "gone-group"));
  }

  @Override
  public Set<Feature> features() {
    return Set.of();
  }

  @Override
  public List<MachineType> machineTypes(CallContext call) {
    return List.of();
  }

  @Override
  public Node ensure(NodeRequest request, CallContext call) throws PluginException {
    asked.add(request);
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    return nodes.computeIfAbsent(request.key(), key -> node(key, request.group()));
  }

  @Override
  public void release(NodeId node, CallContext call) {
    released.add(node.value());
    nodes.values().removeIf(n -> n.id().equals(node));
  }

  @Override
  public Page<Node> nodes(InstallationId installation, Page.Cursor from, CallContext call) {
    return Page.last(hidden ? List.of() : List.copyOf(nodes.values()));
  }

  private static Node node(String key, String group) {
    return new Node(
        new NodeId("id-" + key),
        key,
        group,
        Node.State.RUNNING,
        Optional.empty(),
        List.of(),
        Instant.EPOCH,
        Optional.empty());
  }

  @Override
  public Optional<GuardedCompute> compute(String name) {
    Optional<ComputeProvider> named =
        name.equals("cloud")
            ? Optional.<ComputeProvider>of(this).filter(cloud -> !missing)
            : other.filter(o -> o.getKey().equals(name)).map(Map.Entry::getValue);
    if (named.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(GuardedCompute.around(name, named.get()));
    } catch (PluginException | PluginMissing e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public PluginMissing missing(PluginInfo.Kind kind, String name) {
    return new PluginMissing("compute " + name + " is missing");
  }

  @Override
  public Optional<GuardedStore> store(String name) {
    return Optional.empty();
  }

  @Override
  public List<GuardedRegistry> registries() {
    return List.of();
  }

  @Override
  public Subscription listen(PluginListener listener) {
    return () -> {};
  }

  @Override
  public List<PluginInfo> list() {
    return List.of();
  }
}
