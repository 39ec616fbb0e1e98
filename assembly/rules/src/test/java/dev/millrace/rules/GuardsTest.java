package dev.millrace.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What {@link GuardsOffTest} will need, looked at quickly. */
final class GuardsTest {
  private static final Pattern EXTENDS = Pattern.compile("\\bclass \\w+ extends (\\w+)");

  @Test
  void everyGuardIsFoundOnceAndItsTestsAreThere() throws Exception {
    List<Guard> guards = Guard.all();
    List<String> wrong = new ArrayList<>();
    for (Guard guard : guards) {
      if (!Files.exists(guard.source())) {
        wrong.add(guard.name() + ": no " + guard.source());
        continue;
      }
      int found = guard.found();
      if (found != 1) {
        wrong.add(guard.name() + ": its text is " + found + " times in " + guard.source());
      }
      if (guard.on().equals(guard.off())) {
        wrong.add(guard.name() + ": on and off are the same");
      }
      for (Guard.Watching test : guard.tests()) {
        if (!isThere(test.room(), test.type(), test.method())) {
          wrong.add(guard.name() + ": no test " + test);
        }
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(guards.size() >= 20, "guards found: " + guards.size());
  }

  private static boolean isThere(Path room, String type, String method) throws IOException {
    String outer = type.replaceAll("\\$.*", "").replace('.', '/');
    Path source = room.resolve("src/test/java").resolve(outer + ".java");
    if (!Files.exists(source)) {
      return false;
    }
    String text = Files.readString(source);
    if (Pattern.compile("\\bvoid " + method + "\\(").matcher(text).find()) {
      return true;
    }
    Matcher parents = EXTENDS.matcher(text);
    while (parents.find()) {
      if (isThere(room, type.substring(0, type.lastIndexOf('.') + 1) + parents.group(1), method)) {
        return true;
      }
    }
    return false;
  }
}
