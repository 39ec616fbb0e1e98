package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The same in containers, and the reasons that only they have. */
class ReasonsInDockerIT extends ReasonsIT {
  @Override
  Runs open() {
    return Runs.inDocker(SETTINGS);
  }

  @Override
  List<String> more() {
    return List.of("oom");
  }

  @Test
  void memoryThatRanOut() {
    String words = words("oom", "oom");
    assertTrue(words.contains("MiB"), words);
  }

  @Test
  void anImageThatCannotBeHad() {
    String image = runs.registry().orElseThrow().host() + "/it/tools:never-pushed";
    run("sleep", Map.of("image", image));
    String words = words("sleep", "image");
    assertTrue(words.contains(image), words);
  }

  /** Shown with processes, of which this machine starts many at once. */
  @Override
  void manyStopsAtOnceAreHeardInSeconds() {}
}
