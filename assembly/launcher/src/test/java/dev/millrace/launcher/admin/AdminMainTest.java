package dev.millrace.launcher.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AdminMainTest {
  @TempDir Path data;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(Map<String, String> environment, String... words) {
    return new AdminMain(
            environment,
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(data, List.of(words));
  }

  @Test
  void everyCommandHasItsHelpAndANameOfItsOwn() {
    Set<String> names = new HashSet<>();
    for (Command command : Commands.ALL) {
      assertTrue(names.add(command.noun() + " " + command.verb()), command.usage());
      assertEquals(0, run(Map.of(), command.noun(), command.verb(), "--help"));
      assertTrue(out.toString(StandardCharsets.UTF_8).contains(command.meaning()));
    }
    assertEquals(0, run(Map.of(), "token", "--help"));
  }

  @Test
  void theFirstAdministratorsTokenIsNotSentToAnotherServer() throws Exception {
    Files.writeString(data.resolve("initial-admin.json"), "{\"token\": \"mrt_secret\"}");
    assertEquals(2, run(Map.of("MILLRACE_URL", "http://elsewhere.example"), "user", "list"));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("MILLRACE_TOKEN"));
    assertFalse(err.toString(StandardCharsets.UTF_8).contains("mrt_secret"));
  }

  @Test
  void withoutAnyTokenItIsSaidWhatToSet() {
    assertEquals(2, run(Map.of(), "user", "list"));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("initial-admin.json"));
  }

  @Test
  void optionsStandAnywhereAndAreChecked() throws Exception {
    Map<String, Boolean> takes = Map.of("expires", true, "json", false);
    Arguments read = Arguments.read(List.of("--expires", "30d", "ci"), List.of("NAME"), takes);
    assertEquals("ci", read.word(0));
    assertEquals(Optional.of(2_592_000L), read.seconds("expires"));
    assertFalse(read.flag("json"));
    for (List<String> wrong :
        List.of(
            List.<String>of(),
            List.of("a", "b"),
            List.of("a", "--colour"),
            List.of("a", "--json=1"),
            List.of("a", "--expires"))) {
      assertThrows(Failure.class, () -> Arguments.read(wrong, List.of("NAME"), takes));
    }
    Arguments odd = Arguments.read(List.of("a", "--expires=soon"), List.of("NAME"), takes);
    assertThrows(Failure.class, () -> odd.seconds("expires"));
  }
}
