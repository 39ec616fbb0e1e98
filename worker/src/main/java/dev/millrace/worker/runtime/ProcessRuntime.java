package dev.millrace.worker.runtime;

import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs as plain processes of the machine, in namespaces of their own where it allows them. */
public final class ProcessRuntime implements RunRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessRuntime.class);
  static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Isolation isolation;
  private final RunUser user;
  private final ProcessOptions options;
  private final @Nullable String trouble;
  private final boolean resetsSignals;
  private final ControlGroups groups;
  private final Path home = Path.of(System.getenv().getOrDefault("HOME", "/"));
  private final ProcessTable table = new ProcessTable();

  /** With what this machine allows. */
  public ProcessRuntime(RunUser user, ProcessOptions options) throws IOException {
    this(Isolation.probe(user.uid()), user, options);
  }

  /** With an isolation chosen by the caller. */
  ProcessRuntime(Isolation isolation, RunUser user, ProcessOptions options) throws IOException {
    this.isolation = isolation;
    this.user = user;
    this.options = options;
    this.resetsSignals = resetsSignals();
    this.groups = ControlGroups.here();
    this.trouble =
        options.trust() == ProcessOptions.Trust.EVERYBODY
            ? null
            : Untrusted.reason(isolation, options.engine());
    LOG.info(
        "runtime=process isolation={} uid={} trust={}",
        isolation.word(),
        user.uid(),
        options.trust());
    if (trouble != null) {
      LOG.error("{}", trouble);
    }
    String seen = HiddenPlaces.homeStaysSeen(home, user.uid());
    if (isolation.namespaced() && seen != null) {
      LOG.warn("{}", seen);
    }
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public boolean available() {
    return trouble == null;
  }

  @Override
  public @Nullable String trouble() {
    return trouble;
  }

  @Override
  public Layout layout(RunFolder folder, String executionId) {
    boolean namespaced = isolation.namespaced();
    String home = namespaced ? "/valohai" : folder.work().toString();
    Map<String, String> environment = new HashMap<>();
    environment.put("PATH", PATH);
    environment.put("HOME", home + "/.home");
    environment.put("LANG", "C.UTF-8");
    environment.put("TMPDIR", namespaced ? "/tmp" : folder.state().resolve("tmp").toString());
    String notice =
        namespaced
            ? null
            : "This machine allows no namespaces: there is no /valohai here, use the VH_..._DIR"
                + " variables instead.";
    return new Layout(home, runUid(executionId), namespaced, environment, notice);
  }

  @Override
  public void prepare(RunSpec spec) {
    // A plain process uses what the machine has.
  }

  @Override
  public RunHandle launch(RunSpec spec) throws IOException, LaunchException {
    RunFolder folder = spec.folder();
    String executionId = spec.assignment().executionId();
    if (!Files.exists(folder.state().resolve("pid"))) {
      if (trouble != null) {
        throw new LaunchException("image", trouble);
      }
      mounts(spec);
      limits(spec);
      start(folder, executionId);
    }
    return adopt(spec);
  }

  private void mounts(RunSpec spec) throws IOException, LaunchException {
    if (!isolation.namespaced() && !spec.assignment().mounts().isEmpty()) {
      throw new LaunchException(
          "input",
          "This machine allows no namespaces, so a process cannot have mounts. Run the step in a"
              + " container, on another machine, or use the folders where they are.");
    }
    String root = spec.folder().state().resolve("root").toString();
    List<String> lines = new ArrayList<>();
    for (Mounts.Checked mount : Mounts.outerFirst(Mounts.check(spec))) {
      lines.add(mount.line(root + mount.destination()));
      spec.status().accept(mount.words());
    }
    Mounts.write(spec.folder().state().resolve("mounts"), lines);
    List<Path> hidden = new ArrayList<>(options.hidden());
    hidden.add(options.engine());
    Path runs = spec.folder().root().getParent();
    hidden.add(runs == null || runs.getParent() == null ? spec.folder().root() : runs.getParent());
    Mounts.write(
        spec.folder().state().resolve("hidden"),
        HiddenPlaces.of(hidden, home, user.uid()).stream().map(Path::toString).toList());
  }

  private void limits(RunSpec spec) throws IOException {
    Assignment assignment = spec.assignment();
    Mounts.write(
        spec.folder().state().resolve("cgroups"),
        groups.create(assignment.executionId(), assignment.limits().memoryMiB()).stream()
            .map(Path::toString)
            .toList());
  }

  @Override
  public RunHandle adopt(RunSpec spec) {
    RunFolder folder = spec.folder();
    String executionId = spec.assignment().executionId();
    int uid = runUid(executionId);
    return new ProcessRun(
        table,
        folder,
        isolation.namespaced(),
        "MILLRACE_RUN=" + executionId,
        Math.max(0, uid),
        () -> groups.remove(executionId));
  }

  @Override
  public void sweep(Path runs, Set<String> executions) throws IOException {
    // Everything else of a process run is in its folder.
    groups.sweep(runs, executions);
  }

  private void start(RunFolder folder, String executionId) throws IOException {
    Path script = folder.state().resolve("supervisor.sh");
    try (InputStream in = ProcessRuntime.class.getResourceAsStream("supervisor.sh")) {
      if (in == null) {
        throw new IOException("the worker's archive is incomplete: supervisor.sh is missing");
      }
      RunFolder.writePrivate(script, in.readAllBytes());
    }
    if (isolation == Isolation.ROOT_PLAIN) {
      Files.setPosixFilePermissions(
          folder.root(), java.nio.file.attribute.PosixFilePermissions.fromString("rwx--x--x"));
    }
    int uid = runUid(executionId);
    List<String> command = new ArrayList<>();
    if (resetsSignals) {
      command.addAll(List.of("env", "--default-signal=INT,QUIT,HUP,TERM,PIPE"));
    }
    command.add("setsid");
    command.addAll(isolation.prefix());
    command.addAll(
        List.of(
            "/bin/sh",
            script.toString(),
            isolation.word(),
            folder.state().toString(),
            folder.work().toString(),
            folder.logs().toString(),
            Integer.toString(uid < 0 ? user.uid() : uid),
            Integer.toString(uid < 0 ? user.gid() : uid)));
    ProcessBuilder builder = new ProcessBuilder(command);
    // The supervisor may be root: nothing that a user chose may reach its environment.
    builder.environment().clear();
    builder.environment().put("PATH", PATH);
    builder.environment().put("MILLRACE_RUN", executionId);
    builder.directory(Path.of("/").toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(folder.state().resolve("supervisor.log").toFile());
    builder.redirectErrorStream(true);
    builder.start();
  }

  /** A root worker gives each run a user of its own, the same one after a restart. */
  private int runUid(String executionId) {
    if (isolation != Isolation.ROOT_NAMESPACE && isolation != Isolation.ROOT_PLAIN) {
      return -1;
    }
    return RunUser.ofRun(executionId);
  }

  /** A shell cannot take back that SIGINT was ignored when it began; env can. */
  private static boolean resetsSignals() {
    try {
      Process process =
          new ProcessBuilder("env", "--default-signal=INT", "true")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
