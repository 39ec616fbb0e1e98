package dev.millrace.provider.onprem;

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
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** One list of machines, and the loop that keeps the workers on them running. */
@Component(
    configurationPid = "dev.millrace.provider.onprem",
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    immediate = true)
@Designate(ocd = OnpremAccount.Config.class, factory = true)
public final class OnpremAccount implements ComputeProvider {

  /** One configuration file is one list of machines. */
  @ObjectClassDefinition(name = "Machines of your own")
  public @interface Config {
    /** Each is room for one worker; {@code local} and {@code local-…} mean this machine. */
    @AttributeDefinition(
        required = false,
        description = "Machines: local, local-2, … each hold one worker here")
    String[] machines() default {"local"};

    /** Relative to the master's data folder. */
    @AttributeDefinition(required = false, description = "Folder of nodes and worker releases")
    String folder() default "onprem";

    /** 0 for as many as the worker group asks for. */
    @AttributeDefinition(
        required = false,
        description = "Slots of a worker; 0 for what its group says")
    int slots() default 0;

    /** What a worker may run: docker, process. */
    @AttributeDefinition(required = false, description = "Runtimes of a worker: docker, process")
    String[] runtimes() default {"docker"};

    /**
     * Said by somebody who knows that runs come only from people who may do what the master may.
     */
    @AttributeDefinition(
        required = false,
        description = "Take process runs also where nothing keeps them from what the worker may do")
    boolean processes_trusted() default false;

    /** Absolute; empty where a public authority made the master's certificate. */
    @AttributeDefinition(
        required = false,
        description = "PEM file of the authority that made the master's TLS certificate")
    String ca_file() default "";
  }

  private final OnpremCompute compute;
  private final Keeper keeper;

  @Activate
  public OnpremAccount(Config config, BundleContext context) {
    this(config, data(context), installation(context), Clock.systemUTC());
  }

  /**
   * @param hidden what no run of a worker here may see
   */
  OnpremAccount(Config config, Path data, List<Path> hidden, Clock clock) {
    List<Path> all = new ArrayList<>(hidden);
    all.add(data.toAbsolutePath().normalize());
    Machines machines = Machines.of(config, all);
    NodeFolders folders =
        new NodeFolders(data.resolve(config.folder()).toAbsolutePath().normalize());
    Releases releases = new Releases(folders.root().resolve("releases"), machines.caFile());
    keeper = new Keeper(folders, releases, machines);
    compute = new OnpremCompute(folders, machines, keeper, clock);
    keeper.start();
  }

  /** The master's data folder, by the same rule as the master's own. */
  private static Path data(BundleContext context) {
    String data = context.getProperty("millrace.data");
    String home = context.getProperty("millrace.home");
    return data == null || data.isBlank()
        ? Path.of(home == null ? "" : home).resolve("data")
        : Path.of(data);
  }

  /** The program and its settings, which may hold secrets. */
  private static List<Path> installation(BundleContext context) {
    String home = context.getProperty("millrace.home");
    return home == null || home.isBlank() ? List.of() : List.of(Path.of(home));
  }

  /** Stops watching. Workers and their runs go on, and are found again by the next start. */
  @Deactivate
  void close() {
    keeper.close();
  }

  @Override
  public Set<Feature> features() {
    return Set.of();
  }

  @Override
  public List<MachineType> machineTypes(CallContext call) {
    return List.of(Machines.here());
  }

  @Override
  public Node ensure(NodeRequest request, CallContext call) throws PluginException {
    return compute.ensure(request, call);
  }

  @Override
  public void release(NodeId node, CallContext call) throws PluginException {
    compute.release(node, call);
  }

  @Override
  public Page<Node> nodes(InstallationId installation, Page.Cursor from, CallContext call)
      throws PluginException {
    return compute.nodes(installation, from);
  }
}
