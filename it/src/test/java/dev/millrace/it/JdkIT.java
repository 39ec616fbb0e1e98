package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The distribution on the newest Java of this machine. */
@Tag("jdk")
class JdkIT {
  @Test
  void bootsAndRunsAnExecutionOnTheNewestJava() throws Exception {
    Path newest = newest();
    System.out.println("newest Java: " + newest + ", release " + release(newest));
    try (Distribution millrace = Distribution.start(Map.of("JAVA_HOME", newest.toString()))) {
      Project project = Project.of(millrace.user("ada"), "jdk");
      String execution = project.run(Code.script("echo hello"));
      assertEquals(
          "complete",
          project.api().awaitEnd(execution, Duration.ofSeconds(90)).get("status").asText());
    }
  }

  /** The newest Java of this machine. */
  static Path newest() throws IOException {
    try (Stream<Path> homes = Files.list(Path.of("/usr/lib/jvm"))) {
      return homes
          .filter(h -> Files.isExecutable(h.resolve("bin/java")))
          .max(Comparator.comparingInt(JdkIT::release))
          .orElseThrow();
    }
  }

  static int release(Path home) {
    String text =
        Machine.run(home, List.of(home.resolve("bin/java").toString(), "-version")).output();
    java.util.regex.Matcher matcher =
        java.util.regex.Pattern.compile("version \"(\\d+)").matcher(text);
    return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
  }
}
