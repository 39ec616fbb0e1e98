package org.example.orders;

import static org.osgi.service.component.annotations.ConfigurationPolicy.REQUIRE;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.PluginException.Kind;
import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.MachineType;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.NodeRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/**
 * Orders a machine by a file in a folder, for a tool of the operator's that starts a machine with
 * the boot script in it and stops the machine when the file is gone. Its first line is the group.
 */
@Designate(ocd = MachineOrders.Account.class, factory = true)
@Component(configurationPid = "org.example.orders", configurationPolicy = REQUIRE, immediate = true)
public final class MachineOrders implements ComputeProvider {
  @ObjectClassDefinition
  public @interface Account {
    String folder();
  }

  private final Path folder;

  @Activate
  public MachineOrders(Account account) throws IOException {
    folder = Files.createDirectories(Path.of(account.folder()));
  }

  @Override
  public Set<Feature> features() {
    return Set.of();
  }

  @Override
  public List<MachineType> machineTypes(CallContext call) {
    return List.of(new MachineType("any", 1, 1024, 0, Optional.empty()));
  }

  @Override
  public Node ensure(NodeRequest request, CallContext call) throws PluginException {
    if (!request.wanted().isEmpty()) {
      throw new PluginException(Kind.UNSUPPORTED, "only plain machines can be ordered");
    } else if (!request.machineType().equals("any")) {
      throw new PluginException(Kind.INVALID, "the only machine type is any");
    }
    try {
      Path order = folder.resolve(request.installation() + "_" + request.key());
      if (!Files.exists(order)) {
        Path draft = Files.createTempFile(folder, ".", ""); // of mode 0600, for the token in it
        Files.writeString(draft, request.group() + "\n" + request.bootScript());
        Files.move(draft, order, StandardCopyOption.ATOMIC_MOVE);
      }
      return node(order);
    } catch (IOException e) {
      throw new PluginException(Kind.UNAVAILABLE, "the folder failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void release(NodeId node, CallContext call) throws PluginException {
    try {
      Files.deleteIfExists(folder.resolve(Path.of(node.value()).getFileName()));
    } catch (IOException e) {
      throw new PluginException(Kind.UNAVAILABLE, "the folder failed: " + e.getMessage(), e);
    }
  }

  @Override
  public Page<Node> nodes(InstallationId installation, Page.Cursor from, CallContext call)
      throws PluginException {
    try (var orders = Files.newDirectoryStream(folder, installation + "_*")) {
      List<Node> nodes = new ArrayList<>();
      for (Path order : orders) {
        nodes.add(node(order));
      }
      return Page.last(nodes);
    } catch (IOException e) {
      throw new PluginException(Kind.UNAVAILABLE, "the folder failed: " + e.getMessage(), e);
    }
  }

  private static Node node(Path order) throws IOException {
    String name = order.getFileName().toString();
    String group = Files.readAllLines(order).get(0);
    Instant ordered = Files.getLastModifiedTime(order).toInstant();
    return Node.pending(new NodeId(name), name.substring(name.indexOf('_') + 1), group, ordered);
  }
}
