package dev.millrace.provider.onprem;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.NodeRequest;
import java.io.IOException;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The verbs of a compute provider on the node folders; the keeper does what they ask for. */
final class OnpremCompute {
  private static final Logger LOG = LoggerFactory.getLogger(OnpremCompute.class);
  private static final int PAGE = 100;

  private final NodeFolders folders;
  private final Machines machines;
  private final Keeper keeper;
  private final Clock clock;

  OnpremCompute(NodeFolders folders, Machines machines, Keeper keeper, Clock clock) {
    this.folders = folders;
    this.machines = machines;
    this.keeper = keeper;
    this.clock = clock;
  }

  Node ensure(NodeRequest request, CallContext call) throws PluginException {
    if (!request.wanted().isEmpty()) {
      throw OnpremErrors.unsupported(request.wanted());
    }
    // A group that leaves the type open gets the only one there is.
    if (!request.machineType().isBlank() && !request.machineType().equals(Machines.TYPE)) {
      throw OnpremErrors.invalid(
          "There is no machine type " + request.machineType() + " here, only " + Machines.TYPE);
    }
    if (request.zone().isPresent()) {
      throw OnpremErrors.invalid("Machines of one's own have no zones; leave the zone out");
    }
    int slots = machines.slots() > 0 ? machines.slots() : request.worker().slots();
    NodeRecord asked = NodeRecord.of(request, "", slots, clock.instant());
    try (FolderLock.Held held = lock(call)) {
      Optional<NodeRecord> known = folders.read(asked.installation(), asked.key());
      NodeRecord node =
          known.isPresent() ? refreshed(known.get(), request) : create(asked, request);
      keeper.wake();
      return view(node);
    } catch (IOException e) {
      throw OnpremErrors.folder(folders.root(), e);
    }
  }

  /** A node that has not joined yet gets the newer token and address: the older ones may expire. */
  private NodeRecord refreshed(NodeRecord node, NodeRequest request) throws IOException {
    boolean joined = !java.nio.file.Files.exists(folders.tokenFile(node));
    if (node.releasing() || joined) {
      return node;
    }
    NodeRecord fresh = node;
    if (request.worker().release().sha256().equals(node.release().sha256())) {
      fresh = node.from(request.worker().masterUrl(), request.worker().release());
      folders.write(fresh);
    }
    folders.writeToken(fresh, request.worker().joinToken());
    return fresh;
  }

  private NodeRecord create(NodeRecord asked, NodeRequest request)
      throws IOException, PluginException {
    Set<String> free = new HashSet<>(machines.names());
    folders.all().forEach(node -> free.remove(node.machine()));
    String machine =
        free.stream()
            .sorted()
            .findFirst()
            .orElseThrow(() -> OnpremErrors.full(machines.names().size()));
    NodeRecord node = NodeRecord.of(request, machine, asked.slots(), asked.createdAt());
    folders.writeToken(node, request.worker().joinToken());
    folders.write(node);
    LOG.info("event=node_wanted node={} machine={} slots={}", node.id(), machine, node.slots());
    return node;
  }

  void release(NodeId id, CallContext call) throws PluginException {
    Optional<String[]> parts = NodeRecord.parts(id);
    if (parts.isEmpty()) {
      return;
    }
    try (FolderLock.Held held = lock(call)) {
      Optional<NodeRecord> node = folders.read(parts.get()[0], parts.get()[1]);
      if (node.isPresent() && !node.get().releasing()) {
        folders.write(node.get().released());
        LOG.info("event=node_releasing node={}", id);
      }
      keeper.wake();
    } catch (IOException e) {
      throw OnpremErrors.folder(folders.root(), e);
    }
  }

  Page<Node> nodes(InstallationId installation, Page.Cursor from) throws PluginException {
    List<NodeRecord> after;
    try {
      after =
          folders.all().stream()
              .filter(node -> node.belongsTo(installation))
              .filter(node -> node.key().compareTo(from.token()) > 0)
              .toList();
    } catch (IOException e) {
      throw OnpremErrors.folder(folders.root(), e);
    }
    List<NodeRecord> page = after.subList(0, Math.min(PAGE, after.size()));
    List<Node> nodes = page.stream().map(this::view).toList();
    return page.size() == after.size()
        ? Page.last(nodes)
        : new Page<>(nodes, Optional.of(new Page.Cursor(page.get(page.size() - 1).key())));
  }

  private Node view(NodeRecord node) {
    Node.State state;
    if (node.releasing()) {
      state = Node.State.RELEASING;
    } else if (node.fault().isPresent()) {
      state = Node.State.FAILED;
    } else {
      state = keeper.runs(node) ? Node.State.RUNNING : Node.State.PENDING;
    }
    return new Node(
        node.id(),
        node.key(),
        node.group(),
        state,
        Optional.empty(),
        List.of("127.0.0.1"),
        node.createdAt(),
        node.fault().or(() -> keeper.trouble(node)));
  }

  private FolderLock.Held lock(CallContext call) throws IOException, PluginException {
    return keeper.lock().take(call.remaining()).orElseThrow(OnpremErrors::late);
  }
}
