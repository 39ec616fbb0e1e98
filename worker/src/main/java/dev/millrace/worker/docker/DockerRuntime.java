package dev.millrace.worker.docker;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.Container;
import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.runtime.Layout;
import dev.millrace.worker.runtime.Mounts;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.runtime.RunSpec;
import dev.millrace.worker.runtime.RunUser;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs in containers of a Docker-compatible engine on this machine. */
public final class DockerRuntime implements RunRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(DockerRuntime.class);
  private static final String CREATED = "created";
  private static final Duration AWAY = Duration.ofMinutes(10);

  private final Engine engine;
  private final RunUser user;
  private final ObjectMapper json;
  private final ImageCache images;

  /** Speaks to the engine at {@code unix:///path}; asks it nothing yet. */
  public DockerRuntime(String address, RunUser user, ObjectMapper json, ImageCache images) {
    this.engine = new Engine(address);
    this.user = user;
    this.json = json;
    this.images = images;
  }

  @Override
  public String name() {
    return "docker";
  }

  @Override
  public boolean available() {
    return engine.answers();
  }

  @Override
  public Layout layout(RunFolder folder, String executionId) {
    return new Layout(
        "/valohai",
        user.root() ? RunUser.ofRun(executionId) : -1,
        true,
        Map.of("HOME", "/valohai/.home"),
        null);
  }

  @Override
  public void prepare(RunSpec spec) throws IOException, LaunchException, InterruptedException {
    Assignment assignment = spec.assignment();
    Duration patience = Duration.ofSeconds(assignment.limits().imageSeconds());
    if (assignment.image() == null || assignment.image().reference().isBlank()) {
      throw new LaunchException(
          "image",
          "The execution names no image, and this worker runs containers. Name one in the step's"
              + " image.");
    }
    String name = ImageName.of(assignment.image().reference(), assignment.image().digest()).local();
    images.coming(name);
    try {
      Wire.RunImage image =
          new RunImages(engine, images)
              .bring(assignment.image(), patience, spec.status(), spec.cancelled());
      RunFolder.writePrivate(imageFile(spec.folder()), json.writeValueAsBytes(image));
    } catch (DockerException e) {
      throw new LaunchException("image", "The engine refuses the image: " + e.getMessage());
    } catch (IOException e) {
      throw new LaunchException(
          "image", "The run cannot start: " + e.getMessage() + ". Start the engine of the worker.");
    } finally {
      images.came(name);
    }
  }

  @Override
  public RunHandle launch(RunSpec spec) throws IOException, LaunchException, InterruptedException {
    RunFolder folder = spec.folder();
    String name = RunContainer.name(spec.assignment().executionId());
    Wire.RunImage image = image(folder);
    boolean there = started(spec, name);
    List<Mounts.Checked> mounts = there ? List.of() : Mounts.check(spec);
    if (!there) {
      files(spec, mounts);
    }
    RunContainer container =
        new RunContainer(
            spec.assignment(),
            folder,
            image.id() == null ? image.reference() : image.id(),
            user(spec.assignment().executionId()),
            mounts,
            engine.traits());
    try {
      engine.patiently(
          AWAY,
          spec.cancelled(),
          client -> {
            try (CreateContainerCmd command = container.create(client)) {
              command.exec();
            } catch (ConflictException e) {
              // An earlier worker in this folder had got so far: what ran is not run again.
              LOG.info("container there already name={}", name);
              if (!CREATED.equals(client.inspectContainerCmd(name).exec().getState().getStatus())) {
                return name;
              }
            }
            try {
              client.startContainerCmd(name).exec();
            } catch (NotModifiedException e) {
              LOG.info("container started already name={}", name);
            }
            return name;
          });
    } catch (DockerException e) {
      new DockerRun(engine, folder, name, image).remove();
      throw new LaunchException(
          "image",
          "The container could not be started: "
              + RunImages.words(e.getMessage())
              + ". The image needs a /bin/sh that runs on this machine.");
    }
    return new DockerRun(engine, folder, name, image);
  }

  /** Whether an earlier worker in this folder had got so far: what ran is not checked again. */
  private boolean started(RunSpec spec, String name) throws IOException, InterruptedException {
    return engine.patiently(
        AWAY,
        spec.cancelled(),
        client -> {
          try {
            return !CREATED.equals(client.inspectContainerCmd(name).exec().getState().getStatus());
          } catch (NotFoundException e) {
            return false;
          }
        });
  }

  @Override
  public RunHandle adopt(RunSpec spec) throws IOException {
    return new DockerRun(
        engine,
        spec.folder(),
        RunContainer.name(spec.assignment().executionId()),
        image(spec.folder()));
  }

  @Override
  public void sweep(Path runs, Set<String> executions) throws IOException {
    if (!engine.answers()) {
      return;
    }
    Map<String, String> label =
        Map.of(RunContainer.WORKER, RunContainer.worker(runs.toAbsolutePath().normalize()));
    List<Container> ours =
        engine.call(
            client -> client.listContainersCmd().withShowAll(true).withLabelFilter(label).exec());
    for (Container container : ours) {
      String execution = container.getLabels().getOrDefault(RunContainer.EXECUTION, "");
      if (!executions.contains(execution)) {
        DockerRun.remove(engine, container.getId());
        LOG.info("container swept execution={}", execution);
      }
    }
  }

  /** Inside a rootless engine's containers, root is the engine's user and so the worker's. */
  private String user(String executionId) throws IOException {
    if (engine.traits().rootless()) {
      return "0:0";
    }
    int uid = user.root() ? RunUser.ofRun(executionId) : user.uid();
    int gid = user.root() ? uid : user.gid();
    return uid + ":" + gid;
  }

  /** What the container is bound to must be there before it, and be its user's. */
  private void files(RunSpec spec, List<Mounts.Checked> mounts) throws IOException {
    RunFolder folder = spec.folder();
    List<String> lines = new ArrayList<>();
    for (Mounts.Checked mount : mounts) {
      lines.add(mount.line(mount.destination()));
      spec.status().accept(mount.words());
    }
    Files.write(RunContainer.mounts(folder), lines);
    try (InputStream in = DockerRuntime.class.getResourceAsStream("launch.sh")) {
      if (in == null) {
        throw new IOException("the worker's archive is incomplete: launch.sh is missing");
      }
      Files.write(folder.tools().resolve("launch"), in.readAllBytes());
    }
    Path exit = RunContainer.exit(folder);
    if (!Files.exists(exit)) {
      Files.createFile(exit);
    }
    if (user.root()) {
      int uid = RunUser.ofRun(spec.assignment().executionId());
      Files.setAttribute(exit, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
    }
  }

  static Path imageFile(RunFolder folder) {
    return folder.state().resolve("image.json");
  }

  private Wire.RunImage image(RunFolder folder) throws IOException {
    return json.readValue(Files.readAllBytes(imageFile(folder)), Wire.RunImage.class);
  }
}
