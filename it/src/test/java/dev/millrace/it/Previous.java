package dev.millrace.it;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The distribution of the commit that {@code it/upgrade/previous-commit} names. */
final class Previous {
  private Previous() {}

  /** Its archive, which is built where it was not before. */
  static Path archive() {
    String said =
        Machine.run(
                Machine.repository(),
                Map.of(),
                Duration.ofMinutes(20),
                List.of("it/upgrade/previous"))
            .expectSuccess();
    return Path.of(said.lines().reduce((one, next) -> next).orElseThrow());
  }
}
