package dev.millrace.worker.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.DeviceRequest;
import com.github.dockerjava.api.model.HealthCheck;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import com.github.dockerjava.api.model.Volume;
import dev.millrace.worker.runtime.Mounts;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunPipes;
import dev.millrace.worker.wire.Assignment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How a run's container is made. Nothing that a user calls secret is in it: the engine shows a
 * container's settings to everybody who may ask it, so variables stay in a file of the run's
 * folder.
 */
record RunContainer(
    Assignment assignment,
    RunFolder folder,
    String image,
    String user,
    List<Mounts.Checked> mounts,
    Engine.Traits engine) {
  /** Names the worker's folder, so that its containers are found when their runs are forgotten. */
  static final String WORKER = "dev.millrace.worker";

  /** Names the execution. */
  static final String EXECUTION = "dev.millrace.execution";

  /** Where the streams and the exit code are inside; each is one file that cannot be replaced. */
  private static final String INSIDE = "/.millrace/";

  private static final long MIB = 1L << 20;
  private static final long MOST_PROCESSES = 16_384;
  private static final int SHARES_OF_A_CPU = 1_024;

  /** The container's name, which makes creating it twice impossible. */
  static String name(String executionId) {
    return "millrace-" + executionId;
  }

  /** The label's value for runs below a worker's folder. */
  static String worker(Path runs) {
    return String.valueOf(runs.getParent());
  }

  /** The file that the launching shell leaves the exit code in. */
  static Path exit(RunFolder folder) {
    return folder.state().resolve("exit");
  }

  /** What the launching shell compares the mounts with. */
  static Path mounts(RunFolder folder) {
    return folder.tools().resolve("mounts");
  }

  CreateContainerCmd create(DockerClient client) {
    String id = assignment.executionId();
    return client
        .createContainerCmd(image)
        .withName(name(id))
        .withLabels(Map.of(WORKER, worker(folder.root().resolve("..").normalize()), EXECUTION, id))
        .withEntrypoint("/bin/sh", "/valohai/.millrace/launch", "/valohai/.millrace")
        .withCmd(List.of())
        .withEnv("MILLRACE_RUN=" + id)
        .withUser(user)
        .withWorkingDir("/valohai/repository")
        .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
        .withTty(false)
        .withStdinOpen(false)
        .withAttachStdin(false)
        .withAttachStdout(false)
        .withAttachStderr(false)
        .withHostConfig(host());
  }

  private HostConfig host() {
    HostConfig host =
        HostConfig.newHostConfig()
            .withBinds(
                // Only what is mounted by itself can be written, and it cannot be moved away.
                bind(folder.work(), "/valohai", AccessMode.ro),
                bind(folder.repository(), "/valohai/repository", AccessMode.rw),
                bind(folder.outputs(), "/valohai/outputs", AccessMode.rw),
                bind(folder.home(), "/valohai/.home", AccessMode.rw),
                bind(folder.tmp(), "/tmp", AccessMode.rw),
                bind(folder.varTmp(), "/var/tmp", AccessMode.rw),
                bind(new RunPipes(folder).pipe("stdout"), INSIDE + "stdout", AccessMode.rw),
                bind(new RunPipes(folder).pipe("stderr"), INSIDE + "stderr", AccessMode.rw),
                bind(exit(folder), INSIDE + "exit", AccessMode.rw))
            .withMounts(mounts.stream().map(RunContainer::mount).toList())
            .withReadonlyRootfs(true)
            .withInit(true)
            .withLogConfig(new LogConfig(LogConfig.LoggingType.NONE))
            .withCapDrop(Capability.ALL)
            .withSecurityOpts(List.of("no-new-privileges"))
            .withPidsLimit(MOST_PROCESSES);
    Assignment.Limits limits = assignment.limits();
    if (limits.memoryMiB() > 0) {
      long bytes = limits.memoryMiB() * MIB;
      // No swap beside it. What user code puts into /dev/shm counts as its memory as well.
      host.withMemory(bytes).withMemorySwap(bytes).withShmSize(Math.max(64 * MIB, bytes / 2));
    }
    if (limits.cpus() > 0) {
      // A share, not a ceiling: what other slots leave idle may be used.
      host.withCpuShares((int) Math.max(2, Math.round(limits.cpus() * SHARES_OF_A_CPU)));
    }
    if (!limits.gpus().isEmpty()) {
      host.withDeviceRequests(
          List.of(
              new DeviceRequest()
                  .withDriver("nvidia")
                  .withDeviceIds(limits.gpus().stream().map(String::valueOf).toList())
                  .withCapabilities(List.of(List.of("gpu")))));
    }
    if (engine.remapped() && !engine.rootless()) {
      // Files of a run must belong to the user that the worker means.
      host.withUsernsMode("host");
    }
    return host;
  }

  private static Mount mount(Mounts.Checked mount) {
    return new Mount()
        .withType(MountType.BIND)
        .withSource(mount.source())
        .withTarget(mount.destination())
        .withReadOnly(mount.readOnly());
  }

  private static Bind bind(Path here, String inside, AccessMode mode) {
    return new Bind(here.toString(), new Volume(inside), mode);
  }
}
