package dev.millrace.engine.artifacts;

import dev.millrace.engine.plugins.GuardedRegistry;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.registry.PullCredentials;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the registry plugins; the first by name that serves an image answers for it. */
@Component(service = Images.class, immediate = true)
public final class RegistryImages implements Images {
  private static final Logger log = LoggerFactory.getLogger(RegistryImages.class);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofSeconds(2);
  private static final Duration KEPT = Duration.ofSeconds(60);
  private static final int MOST_KEPT = 1_000;

  private record Answer(Optional<String> digest, long untilNanos) {}

  private final Plugins plugins;
  private final Map<String, Answer> answers = new LinkedHashMap<>();

  /** Registries that did not say what they serve, and until when they are left out. */
  private final Map<String, Long> silent = new ConcurrentHashMap<>();

  @Activate
  public RegistryImages(@Reference Plugins plugins) {
    this.plugins = plugins;
  }

  @Override
  public Optional<String> resolve(String reference) {
    Optional<Answer> kept = kept(reference);
    if (kept.isPresent()) {
      return kept.get().digest();
    }
    Optional<String> digest = ask(reference);
    synchronized (answers) {
      answers.put(reference, new Answer(digest, System.nanoTime() + KEPT.toNanos()));
      if (answers.size() > MOST_KEPT) {
        answers.remove(answers.keySet().iterator().next());
      }
    }
    return digest;
  }

  @Override
  public Optional<PullCredentials> credentials(String reference) {
    Optional<ImageRef> image = parse(reference);
    Optional<GuardedRegistry> registry = image.flatMap(this::registry);
    if (image.isEmpty() || registry.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(registry.get().credentials(image.get()));
    } catch (PluginException | PluginMissing e) {
      log.warn("no login for an image image={} reason=\"{}\"", reference, e.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public boolean served(String reference) {
    return parse(reference).flatMap(this::registry).isPresent();
  }

  private Optional<Answer> kept(String reference) {
    synchronized (answers) {
      Answer answer = answers.get(reference);
      if (answer == null || answer.untilNanos() - System.nanoTime() <= 0) {
        answers.remove(reference);
        return Optional.empty();
      }
      return Optional.of(answer);
    }
  }

  private Optional<String> ask(String reference) {
    Optional<ImageRef> image = parse(reference);
    if (image.isEmpty()) {
      return Optional.empty();
    }
    if (image.get().digest().isPresent()) {
      return image.get().digest().map(ImageDigest::toString);
    }
    Optional<GuardedRegistry> registry = registry(image.get());
    if (registry.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(registry.get().resolve(image.get(), PATIENCE).toString());
    } catch (PluginException | PluginMissing e) {
      log.info(
          "image not resolved, its worker will look image={} reason=\"{}\"",
          reference,
          e.getMessage());
      return Optional.empty();
    }
  }

  /**
   * Whoever serves the image. A registry that does not say so at once is left out for a minute: the
   * images of the others must not wait for it.
   */
  private Optional<GuardedRegistry> registry(ImageRef image) {
    for (GuardedRegistry registry : plugins.registries()) {
      Long until = silent.get(registry.name());
      if (until != null && until - System.nanoTime() > 0) {
        continue;
      }
      silent.remove(registry.name());
      try {
        if (registry.serves(image, LOOK)) {
          return Optional.of(registry);
        }
      } catch (PluginException e) {
        silent.put(registry.name(), System.nanoTime() + KEPT.toNanos());
        log.warn(
            "registry left out for a while registry={} reason=\"{}\"",
            registry.name(),
            e.getMessage());
      } catch (PluginMissing e) {
        log.warn(
            "registry cannot be asked registry={} reason=\"{}\"", registry.name(), e.getMessage());
      }
    }
    return Optional.empty();
  }

  private static Optional<ImageRef> parse(String reference) {
    try {
      return Optional.of(ImageRef.parse(reference));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
