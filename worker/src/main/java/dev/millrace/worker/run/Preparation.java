package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.runtime.Layout;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.transfer.AddressRange;
import dev.millrace.worker.transfer.Download;
import dev.millrace.worker.wire.Assignment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Fills the folder of a run until user code can start in it. Begins anew when it is asked again.
 */
final class Preparation {
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final RunContext context;
  private final RunSpec spec;
  private final RunRuntime runtime;
  private final MasterCalls calls;

  Preparation(RunContext context, RunSpec spec, RunRuntime runtime, MasterCalls calls) {
    this.context = context;
    this.spec = spec;
    this.runtime = runtime;
    this.calls = calls;
  }

  /** Brings code, inputs and image, writes config and scripts. */
  void prepare() throws RunFailure, LaunchException, IOException, InterruptedException {
    RunFolder folder = spec.folder();
    Assignment assignment = spec.assignment();
    Trees.delete(folder.work());
    Trees.delete(folder.state());
    folder.create();
    Layout layout = runtime.layout(folder, assignment.executionId());
    if (layout.notice() != null) {
      spec.status().accept(layout.notice());
    }
    runtime.prepare(spec);
    ObjectNode inputs = stage(layout);
    ConfigFiles config = new ConfigFiles(folder.config(), context.json());
    for (Map.Entry<String, JsonNode> file : assignment.config().entrySet()) {
      config.write(file.getKey(), file.getValue());
    }
    config.write("inputs.json", inputs);
    scripts(layout);
    hand(layout);
  }

  private ObjectNode stage(Layout layout) throws RunFailure, IOException, InterruptedException {
    Assignment assignment = spec.assignment();
    List<AddressRange> ranges;
    try {
      ranges = assignment.inputAllow().stream().map(AddressRange::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new RunFailure("input", "MILLRACE_INPUT_ALLOW of the master: " + e.getMessage());
    }
    try (HttpClient plain = context.inputs().apply(ranges)) {
      Staging.Sources sources =
          new Staging.Sources(
              new Download(context.store(), spec.cancelled()),
              new Download(plain, spec.cancelled()),
              context.cache());
      return new Staging(
              assignment,
              spec.folder(),
              layout,
              sources,
              wanted ->
                  calls.until(
                      "transfers",
                      PATIENCE,
                      () ->
                          context
                              .master()
                              .transfers(assignment.executionId(), assignment.lease(), wanted)),
              spec.status())
          .bring(context.json());
    }
  }

  private void scripts(Layout layout) throws IOException {
    Assignment assignment = spec.assignment();
    Map<String, String> variables = new TreeMap<>(layout.environment());
    variables.put("PYTHONUNBUFFERED", "1");
    for (Assignment.Variable variable : assignment.environment()) {
      if (CommandScript.exportable(variable.name())) {
        variables.put(variable.name(), variable.value());
      } else {
        spec.status()
            .accept(
                "The variable '"
                    + variable.name()
                    + "' is not set: use only letters, digits and _ in its name.");
      }
    }
    String home = layout.home();
    variables.put("VH_CONFIG_DIR", home + "/config");
    variables.put("VH_INPUTS_DIR", home + "/inputs");
    variables.put("VH_OUTPUTS_DIR", home + "/outputs");
    variables.put("VH_REPOSITORY_DIR", home + "/repository");
    variables.put("VH_EXECUTION_ID", assignment.executionId());
    variables.put("VH_JOB_ID", "exec-" + assignment.executionId());
    Assignment.Project project = assignment.project();
    if (project != null) {
      variables.put("VH_PROJECT_ID", project.id());
    }
    CommandScript script = new CommandScript(assignment.commands());
    Path tools = spec.folder().tools();
    write(tools.resolve("start"), script.start());
    write(tools.resolve("command"), script.command());
    write(tools.resolve("env"), CommandScript.environment(variables));
  }

  private static void write(Path file, String text) throws IOException {
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Gives user code what it may write, and its variables, whoever it will be. */
  private void hand(Layout layout) throws IOException {
    RunFolder folder = spec.folder();
    Path env = folder.tools().resolve("env");
    Files.setPosixFilePermissions(env, PosixFilePermissions.fromString("r--------"));
    for (Path path : List.of(folder.repository(), folder.outputs(), folder.home())) {
      if (layout.uid() >= 0) {
        Trees.own(path, layout.uid());
      }
    }
    if (layout.uid() >= 0) {
      Trees.chown(env, layout.uid());
    }
  }
}
