package dev.millrace.spi.compute;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.Plugin;
import dev.millrace.spi.common.PluginException;
import java.util.List;
import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Rents machines from one account of one cloud, in one region. Keeps no memory of them: the cloud
 * is the record.
 *
 * <p>Every verb can be sent twice, at the same time and by several masters. Every call returns
 * within {@link CallContext#remaining()}.
 */
@ConsumerType
public interface ComputeProvider extends Plugin {

  /** Which options a {@link NodeRequest} may carry; the same for the life of the service. */
  Set<Feature> features();

  /** The machine types on offer now. */
  List<MachineType> machineTypes(CallContext call) throws PluginException;

  /**
   * Rents a node and returns once the cloud has accepted, not once it has booted. The same {@link
   * NodeRequest#key()} always means the same node, however often and by however many threads it is
   * asked for; what else a later request says is not applied to a node that exists.
   *
   * @throws PluginException UNSUPPORTED if the request wants a feature that is not declared,
   *     INVALID for a machine type, zone or image that does not exist, EXHAUSTED if there is no
   *     capacity or quota
   */
  Node ensure(NodeRequest request, CallContext call) throws PluginException;

  /**
   * Gives a node back and returns once the cloud has accepted. A node already gone, or never known,
   * counts as released.
   */
  void release(NodeId node, CallContext call) throws PluginException;

  /**
   * Lists every node that carries the installation's mark, whoever remembers renting it, whatever
   * became of its group. A released node disappears or is shown as {@link Node.State#RELEASING} or
   * {@link Node.State#GONE}.
   */
  Page<Node> nodes(InstallationId installation, Page.Cursor from, CallContext call)
      throws PluginException;
}
