package dev.millrace.engine.plugins;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that run a plugin's code although the plugin was taken out. Nothing can end a thread from
 * outside, so they are told of until they end.
 */
final class LeftThreads {
  private static final Logger LOG = LoggerFactory.getLogger(LeftThreads.class);
  private static final Duration PERIOD = Duration.ofSeconds(5);
  private static final int MOST_NAMES = 5;
  private static final String CLASS = ".class";

  private final PluginJar jar;
  private final Set<String> classes;
  private final Instant since;
  private Instant looked;
  private List<String> names;

  private LeftThreads(PluginJar jar, Set<String> classes, List<String> names, Instant now) {
    this.jar = jar;
    this.classes = classes;
    this.names = names;
    this.since = now;
    this.looked = now;
  }

  /**
   * Empty where the plugin left no thread. A class that one of the {@code others}, which run, has
   * as well tells nothing.
   */
  static Optional<LeftThreads> of(PluginJar jar, List<PluginJar> others, Instant now) {
    Set<String> classes = new HashSet<>();
    try {
      classes.addAll(classes(jar));
      for (PluginJar other : others) {
        classes.removeAll(classes(other));
      }
    } catch (IOException e) {
      LOG.warn("event=plugin-not-read name={} reason=\"{}\"", jar.name(), e.getMessage());
      return Optional.empty();
    }
    List<String> names = threads(classes);
    if (names.isEmpty()) {
      return Optional.empty();
    }
    LeftThreads left = new LeftThreads(jar, classes, names, now);
    LOG.warn("event=plugin-left-threads name={} reason=\"{}\"", jar.name(), left.words());
    return Optional.of(left);
  }

  private static Set<String> classes(PluginJar jar) throws IOException {
    try (JarFile file = new JarFile(jar.copy().toFile())) {
      return file.stream()
          .map(JarEntry::getName)
          .filter(name -> name.endsWith(CLASS))
          .map(name -> name.substring(0, name.length() - CLASS.length()).replace('/', '.'))
          .collect(Collectors.toSet());
    }
  }

  PluginJar jar() {
    return jar;
  }

  Instant since() {
    return since;
  }

  /** Looks again, at most every 5 s; false once all have ended. */
  boolean look(Instant now) {
    if (now.isAfter(looked.plus(PERIOD))) {
      looked = now;
      names = threads(classes);
    }
    return !names.isEmpty();
  }

  /** What an operator is told. */
  String words() {
    String shown = names.stream().limit(MOST_NAMES).collect(Collectors.joining(", "));
    return "it was taken out, but "
        + names.size()
        + (names.size() == 1 ? " thread" : " threads")
        + " of it still run ("
        + shown
        + (names.size() > MOST_NAMES ? ", …" : "")
        + "); only a restart of the master ends them";
  }

  private static List<String> threads(Set<String> classes) {
    return Thread.getAllStackTraces().entrySet().stream()
        .filter(
            thread ->
                Stream.of(thread.getValue())
                    .anyMatch(frame -> classes.contains(frame.getClassName())))
        .map(thread -> thread.getKey().getName())
        .sorted()
        .toList();
  }
}
