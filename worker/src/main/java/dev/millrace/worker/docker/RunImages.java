package dev.millrace.worker.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.command.PullImageCmd;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.AuthConfig;
import com.github.dockerjava.api.model.PullResponseItem;
import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings a run's image to the engine. */
final class RunImages {
  private static final long FIRST_PAUSE_MILLIS = 1_000;
  private static final long LONGEST_PAUSE_MILLIS = 15_000;
  private static final Duration LOOK = Duration.ofMillis(50);

  private static final Logger LOG = LoggerFactory.getLogger(RunImages.class);

  private final Engine engine;
  private final ImageCache cache;

  RunImages(Engine engine, ImageCache cache) {
    this.engine = engine;
    this.cache = cache;
  }

  /**
   * The image as it is to be run: by its digest where the registry said one; else what the engine
   * has under that name; else what a pull brings. The pull is tried until {@code patience} is over.
   */
  Wire.RunImage bring(
      Assignment.Image image, Duration patience, Consumer<String> status, BooleanSupplier cancelled)
      throws LaunchException, IOException, InterruptedException {
    ImageName name = ImageName.of(image.reference(), image.digest());
    if (name.isId()) {
      ImageHost.check(image);
    }
    Optional<Found> there =
        engine.patiently(patience, cancelled, client -> find(client, name, image.reference()));
    if (there.isPresent()) {
      note(name, there.get(), false);
      if (name.digest() == null) {
        status.accept(
            "No registry told the digest of image %s: the one on this machine is run, %s."
                .formatted(image.reference(), there.get().image().id()));
      }
      return there.get().image();
    }
    ImageHost.check(image);
    pull(name, image, patience, status, cancelled);
    Found pulled =
        engine
            .call(client -> find(client, name, image.reference()))
            .orElseThrow(
                () ->
                    new LaunchException(
                        "image",
                        cancelled.getAsBoolean()
                            ? "Stopped while the image was pulled."
                            : "The image "
                                + image.reference()
                                + " was pulled, but the engine does not have it. Look at its"
                                + " log."));
    note(name, pulled, true);
    return pulled.image();
  }

  /** An image that the engine has, and the bytes that it takes there. */
  private record Found(Wire.RunImage image, long bytes) {}

  /** Images that take too much are no reason not to run this one. */
  private void note(ImageName name, Found found, boolean pulled) {
    try {
      cache.used(name.local(), String.valueOf(found.image().id()), found.bytes(), pulled);
      if (pulled) {
        cache.trim(engine);
      }
    } catch (IOException | DockerException e) {
      LOG.warn("images cannot be looked after error={}", e.toString());
    }
  }

  private static Optional<Found> find(DockerClient client, ImageName name, String reference) {
    try {
      InspectImageResponse found = client.inspectImageCmd(name.local()).exec();
      List<String> digests = found.getRepoDigests() == null ? List.of() : found.getRepoDigests();
      String digest =
          name.digest() != null
              ? name.digest()
              : digests.stream()
                  .filter(d -> d.startsWith(name.repository() + "@"))
                  .map(d -> d.substring(d.indexOf('@') + 1))
                  .findFirst()
                  .orElse(null);
      return Optional.of(
          new Found(
              new Wire.RunImage(reference, digest, found.getId()),
              found.getSize() == null ? 0 : found.getSize()));
    } catch (NotFoundException e) {
      return Optional.empty();
    }
  }

  private void pull(
      ImageName name,
      Assignment.Image image,
      Duration patience,
      Consumer<String> status,
      BooleanSupplier cancelled)
      throws LaunchException, InterruptedException {
    long began = System.nanoTime();
    long end = began + patience.toNanos();
    long pause = FIRST_PAUSE_MILLIS;
    String told = "";
    status.accept("Pulling image " + image.reference() + ".");
    while (true) {
      String problem = attempt(name, image.pull(), cancelled);
      if (problem == null) {
        status.accept(
            "Image %s pulled in %d s."
                .formatted(image.reference(), seconds(System.nanoTime() - began)));
        return;
      }
      if (cancelled.getAsBoolean()) {
        return;
      }
      if (System.nanoTime() - end >= 0) {
        throw new LaunchException(
            "image",
            "The image %s could not be pulled in %d s: %s. %s"
                .formatted(
                    image.reference(), patience.toSeconds(), problem, remedy(problem, image)));
      }
      if (!problem.equals(told)) {
        told = problem;
        status.accept(
            "The image cannot be pulled yet: %s. It is tried for %d s more."
                .formatted(problem, seconds(end - System.nanoTime())));
      }
      rest(Math.min(pause, (end - System.nanoTime()) / 1_000_000 + 1), cancelled);
      pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
    }
  }

  /** One pull to its end; what went wrong, or null. */
  private @Nullable String attempt(
      ImageName name, Assignment.@Nullable Pull login, BooleanSupplier cancelled)
      throws InterruptedException {
    try (Progress progress = new Progress()) {
      engine.stream(
          client -> {
            PullImageCmd command = client.pullImageCmd(name.repository()).withTag(name.version());
            if (login != null) {
              command.withAuthConfig(
                  new AuthConfig()
                      .withUsername(login.username())
                      .withPassword(login.password().reveal())
                      .withRegistryAddress(name.registry()));
            }
            return command.exec(progress);
          });
      while (!progress.awaitEnd(LOOK)) {
        if (cancelled.getAsBoolean()) {
          return "stopped";
        }
      }
      return progress.problem();
    } catch (DockerException e) {
      return words(e.getMessage());
    } catch (IOException e) {
      return words(e.getMessage());
    }
  }

  /** Keeps the error that the engine sends in the middle of a pull. */
  private static final class Progress extends Pending<PullResponseItem> {
    private volatile @Nullable String said;

    @Override
    public void onNext(PullResponseItem item) {
      PullResponseItem.ErrorDetail detail = item.getErrorDetail();
      if (detail != null && detail.getMessage() != null) {
        said = words(detail.getMessage());
      }
    }

    /** What went wrong, or null. */
    @Nullable String problem() {
      Throwable failure = failure();
      return said != null || failure == null ? said : words(failure.getMessage());
    }
  }

  private void rest(long millis, BooleanSupplier cancelled) throws InterruptedException {
    long jittered = millis - ThreadLocalRandom.current().nextLong(millis / 4 + 1);
    long end = System.nanoTime() + jittered * 1_000_000;
    while (System.nanoTime() - end < 0 && !cancelled.getAsBoolean()) {
      Thread.sleep(LOOK.toMillis());
    }
  }

  /**
   * The engine's words on one line: docker-java puts the status and the body's JSON around them.
   */
  static String words(@Nullable String message) {
    String text = message == null ? "the engine gave no reason" : message;
    int json = text.indexOf("{\"message\":\"");
    if (json >= 0) {
      int end = text.lastIndexOf("\"}");
      text =
          text.substring(json + 12, end > json + 12 ? end : text.length())
              .replace("\\\"", "\"")
              .replace("\\n", " ");
    }
    // What a server answered that is no registry is nobody's business who named it.
    text = text.replaceAll("(?is)(response body)[: ].*", "$1 (not shown)");
    text = text.replaceAll("\\p{Cntrl}+", " ").strip();
    text = text.length() > 500 ? text.substring(0, 500) + "…" : text;
    return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
  }

  private static String remedy(String problem, Assignment.Image image) {
    String said = problem.toLowerCase(Locale.ROOT);
    if (said.contains("unauthorized")
        || said.contains("denied")
        || said.contains("no basic auth")
        || said.contains("forbidden")) {
      return image.pull() == null
          ? "Its registry wants a login: an administrator can add an account for that registry, or"
              + " correct the image's name."
          : "Its registry refuses the login of this installation's registry account: an"
              + " administrator can correct it.";
    }
    if (said.contains("manifest unknown")
        || said.contains("not found")
        || said.contains("name unknown")
        || said.contains("does not exist")) {
      return "Correct the image's name in the step, or push the image to that registry.";
    }
    return "See that the machine of this worker reaches the registry, or name an image that its"
        + " engine has.";
  }

  private static long seconds(long nanos) {
    return Math.max(0, nanos / 1_000_000_000);
  }
}
