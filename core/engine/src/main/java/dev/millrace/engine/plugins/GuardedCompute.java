package dev.millrace.engine.plugins;

import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.MachineType;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.NodeRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * A compute provider as the rest of the engine sees it: the verbs of the SPI, each guarded. Every
 * verb throws PluginMissing while the plugin is not there or out of use.
 */
public final class GuardedCompute {
  private final String name;
  private final Guard<ComputeProvider> guard;
  private final Set<Feature> features;

  /** Asks the provider what it can do, once; throws if it cannot say. */
  GuardedCompute(String name, Guard<ComputeProvider> guard) throws PluginException, PluginMissing {
    this.name = name;
    this.guard = guard;
    this.features =
        guard.once("features", time(guard), (compute, call) -> Set.copyOf(compute.features()));
  }

  /** Guards a provider by hand, for tests of what uses one. */
  public static GuardedCompute around(String name, ComputeProvider provider)
      throws PluginException, PluginMissing {
    return new GuardedCompute(
        name,
        new Guard<>(
            "compute " + name, provider, GuardPolicy.COMPUTE, Pace.REAL, Clock.systemUTC()));
  }

  /** The account's name. */
  public String name() {
    return name;
  }

  /** Which options a request may carry. */
  public Set<Feature> features() {
    return features;
  }

  /** The machine types on offer now. */
  public List<MachineType> machineTypes() throws PluginException, PluginMissing {
    return guard.repeat(
        "machineTypes", time(guard), (compute, call) -> List.copyOf(compute.machineTypes(call)));
  }

  /** Rents a node; the same key always means the same node. */
  public Node ensure(NodeRequest request) throws PluginException, PluginMissing {
    return guard.repeat(
        "ensure",
        time(guard),
        (compute, call) -> {
          Node node = compute.ensure(request, call);
          if (!node.key().equals(request.key())) {
            throw new IllegalStateException(
                "ensure(" + request.key() + ") answered with the node of " + node.key());
          }
          return node;
        });
  }

  /** Gives a node back; one that is not there counts as released. */
  public void release(NodeId node) throws PluginException, PluginMissing {
    guard.repeat(
        "release",
        time(guard),
        (compute, call) -> {
          compute.release(node, call);
          return true;
        });
  }

  /** Lists every node that carries the installation's mark. */
  public Page<Node> nodes(InstallationId installation, Page.Cursor from)
      throws PluginException, PluginMissing {
    return guard.repeat(
        "nodes", time(guard), (compute, call) -> compute.nodes(installation, from, call));
  }

  private static Duration time(Guard<?> guard) {
    return guard.policy().time();
  }
}
