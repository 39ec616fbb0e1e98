package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.Images;
import dev.millrace.spi.registry.ImageRef;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks images up beside the loop, few at once for each registry. A registry that lets one look-up
 * wait is not asked again for a minute: its images go without a digest meanwhile.
 */
final class ImageLookups {
  private static final Logger log = LoggerFactory.getLogger(ImageLookups.class);
  private static final int AT_ONCE = 16;
  private static final int OF_ONE_HOST = 3;
  private static final int MOST_KEPT = 5_000;
  private static final long KEPT = Duration.ofSeconds(60).toNanos();
  private static final long SLOW = Duration.ofSeconds(2).toNanos();

  private record Answer(Optional<String> digest, boolean pending, long at) {}

  private final Images images;
  private final Runnable answered;
  private final LongSupplier nanos;
  private final KeyedPool pool = new KeyedPool("image", AT_ONCE);
  private final Map<String, Answer> answers = new LinkedHashMap<>();
  private final Map<String, Long> silent = new LinkedHashMap<>();

  /**
   * @param answered called after each look-up, on another thread
   */
  ImageLookups(Images images, Runnable answered, LongSupplier nanos) {
    this.images = images;
    this.answered = answered;
    this.nanos = nanos;
  }

  /** What is known of an image. */
  record Found(Optional<String> digest) {}

  /** The answer if there is one; else empty, and one is on its way. Never waits. */
  Optional<Found> of(String image) {
    String host = host(image);
    long now = nanos.getAsLong();
    synchronized (answers) {
      Answer known = answers.get(image);
      if (known != null && known.pending()) {
        return quiet(host, now) ? Optional.of(new Found(Optional.empty())) : Optional.empty();
      }
      if (known != null && now - known.at() < KEPT) {
        return Optional.of(new Found(known.digest()));
      }
      if (quiet(host, now)) {
        return Optional.of(new Found(Optional.empty()));
      }
      put(image, new Answer(Optional.empty(), true, now));
    }
    List<KeyedPool.Limit> limits = List.of(new KeyedPool.Limit(host, OF_ONE_HOST));
    if (!pool.start(limits, () -> look(image, host))) {
      synchronized (answers) {
        answers.remove(image);
      }
    }
    return Optional.empty();
  }

  private boolean quiet(String host, long now) {
    Long since = silent.get(host);
    return since != null && now - since < KEPT;
  }

  private void look(String image, String host) {
    long began = nanos.getAsLong();
    Optional<String> digest = Optional.empty();
    try {
      digest = images.resolve(image);
    } catch (RuntimeException e) {
      log.warn("image not resolved image={}", image, e);
    } finally {
      long now = nanos.getAsLong();
      synchronized (answers) {
        put(image, new Answer(digest, false, now));
        if (digest.isEmpty() && now - began >= SLOW) {
          silent.put(host, now);
          if (silent.size() > MOST_KEPT) {
            silent.remove(silent.keySet().iterator().next());
          }
        } else {
          silent.remove(host);
        }
      }
      answered.run();
    }
  }

  private void put(String image, Answer answer) {
    answers.put(image, answer);
    if (answers.size() > MOST_KEPT) {
      answers.remove(answers.keySet().iterator().next());
    }
  }

  private static String host(String image) {
    try {
      return ImageRef.parse(image).host();
    } catch (IllegalArgumentException e) {
      return image;
    }
  }

  void close() {
    pool.close();
  }
}
