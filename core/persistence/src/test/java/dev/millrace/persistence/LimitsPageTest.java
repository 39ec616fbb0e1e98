package dev.millrace.persistence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/limits.md names every table, and none that there is not. */
class LimitsPageTest {
  private static final Path PAGE = Path.of("../../docs/limits.md");
  private static final Path MIGRATIONS = Path.of("src/main/resources/db/migration");
  private static final Pattern MADE = Pattern.compile("CREATE TABLE (?:IF NOT EXISTS )?(\\w+)");
  private static final Pattern NAMED = Pattern.compile("`(\\w+)`");

  @Test
  void everyTableIsOnThePage() throws IOException {
    TreeSet<String> made = new TreeSet<>();
    try (Stream<Path> files = Files.list(MIGRATIONS)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        collect(MADE, Files.readString(file), made);
      }
    }
    String page = Files.readString(PAGE);
    String tables = page.substring(page.indexOf("## Tables"), page.indexOf("`flyway"));
    TreeSet<String> named = new TreeSet<>();
    for (String line : tables.lines().filter(l -> l.startsWith("| `")).toList()) {
      collect(NAMED, line.substring(0, line.indexOf('|', 1)), named);
    }
    assertEquals(made, named);
  }

  private static void collect(Pattern pattern, String text, TreeSet<String> into) {
    Matcher found = pattern.matcher(text);
    while (found.find()) {
      into.add(found.group(1));
    }
  }
}
