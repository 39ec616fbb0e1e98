package dev.millrace.it.rogue;

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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** A provider of machines that breaks one rule. */
public class RogueCompute implements ComputeProvider {
  private final String mode;
  private final Path folder;
  private final Map<NodeId, Node> nodes = new ConcurrentHashMap<>();

  public RogueCompute(RogueAccount account) {
    this.mode = account.mode();
    this.folder = Path.of(account.folder());
    if (mode.equals("constructor")) {
      throw new IllegalStateException("it throws when it is made");
    }
  }

  @Override
  public Set<Feature> features() {
    return mode.equals("liar") ? Set.of(Feature.values()) : Set.of();
  }

  @Override
  public List<MachineType> machineTypes(CallContext call) {
    return List.of(new MachineType("any", 1, 1024, 0, Optional.empty()));
  }

  @Override
  public Node ensure(NodeRequest request, CallContext call) throws PluginException {
    if (mode.equals("liar")) {
      throw new PluginException(PluginException.Kind.UNSUPPORTED, "it can do nothing of the kind");
    }
    tell("ensure " + request.key());
    Node first = node(request, "first");
    if (mode.equals("twice")) {
      node(request, "second");
    }
    return first;
  }

  private Node node(NodeRequest request, String which) {
    NodeId id = new NodeId(request.key() + "-" + which);
    return nodes.computeIfAbsent(
        id, key -> Node.pending(id, request.key(), request.group(), Instant.now()));
  }

  @Override
  public void release(NodeId node, CallContext call) {
    tell("release " + node.value());
    nodes.remove(node);
  }

  @Override
  public Page<Node> nodes(InstallationId installation, Page.Cursor from, CallContext call)
      throws PluginException {
    if (mode.equals("throws")) {
      throw new IllegalStateException("it throws what it may not");
    }
    if (mode.equals("hangs") || mode.equals("vanishes")) {
      tell("nodes");
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new PluginException(PluginException.Kind.UNAVAILABLE, "interrupted");
      }
    }
    List<Node> all = new ArrayList<>(nodes.values());
    // The one that it named is listed last.
    all.sort((one, other) -> other.id().value().compareTo(one.id().value()));
    return Page.last(all);
  }

  private void tell(String what) {
    try {
      Files.createFile(folder.resolve(mode + " " + what + " " + System.nanoTime()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
