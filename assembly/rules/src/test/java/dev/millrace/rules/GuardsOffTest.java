package dev.millrace.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Switches each guard off in turn: the tests that watch it pass with it, and fail without it. */
@Tag("guards")
@EnabledIfSystemProperty(
    named = "guards",
    matches = ".+",
    disabledReason = "./check --full --only guards")
@TestInstance(Lifecycle.PER_CLASS)
final class GuardsOffTest {
  private Mutants mutants;

  /** How tests ended with everything switched on. */
  private final Map<Guard.Watching, TestRun.Result> on = new HashMap<>();

  /** All, or those whose names are in {@code -Dguards=NAME,…}. */
  static Stream<Guard> guards() throws Exception {
    List<String> wanted = List.of(System.getProperty("guards", "").split(","));
    return Guard.all().stream()
        .filter(guard -> wanted.contains("off") || wanted.contains(guard.name()));
  }

  @BeforeAll
  void runWithEverythingOn(@TempDir Path folder) throws Exception {
    mutants = new Mutants(folder);
    Map<Path, Set<Guard.Watching>> rooms = new LinkedHashMap<>();
    guards()
        .flatMap(guard -> guard.tests().stream())
        .forEach(test -> rooms.computeIfAbsent(test.room(), r -> new LinkedHashSet<>()).add(test));
    for (Map.Entry<Path, Set<Guard.Watching>> room : rooms.entrySet()) {
      on.putAll(mutants.run(room.getKey(), List.copyOf(room.getValue())));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("guards")
  void withoutItsTestsFail(Guard guard) throws Exception {
    for (Guard.Watching test : guard.tests()) {
      TestRun.Result passed = on.get(test);
      assumeFalse(passed.end() == TestRun.End.SKIPPED, test + " was skipped: " + passed.why());
      assertEquals(TestRun.End.PASSED, passed.end(), "with the guard: " + test + passed.why());
    }
    assertEquals(1, guard.found(), "occurrences in " + guard.source());
    mutants.with(
        guard,
        () -> {
          for (Guard.Watching test : guard.tests()) {
            TestRun.Result off = mutants.run(test.room(), List.of(test)).get(test);
            System.out.println("guard off: " + guard.name() + " " + off);
            if (guard.error().isEmpty()) {
              assertEquals(TestRun.End.FAILED, off.end(), "without it: " + test + " " + off.why());
            } else {
              assertTrue(off.why().startsWith(guard.error()), "without it: " + test + " " + off);
            }
          }
        });
  }
}
