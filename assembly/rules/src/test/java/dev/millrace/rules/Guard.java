package dev.millrace.rules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * One file of {@code it/guards-off}: what a guard is, the text of the product that is it, the text
 * that switches it off, and the tests that must fail then.
 *
 * @param error the exception of a test that fails by none of its own assertions; empty for
 *     assertions
 */
record Guard(
    String name,
    String sentence,
    Path source,
    List<Watching> tests,
    String error,
    String on,
    String off) {
  private static final String ON = "--- on";
  private static final String OFF = "--- off";

  /** A test method, and the room that it is in. */
  record Watching(Path room, String type, String method) {
    private static Watching parse(String text) {
      String[] words = text.split("[ #]", -1);
      if (words.length != 3) {
        throw new IllegalArgumentException("not 'room class#method': " + text);
      }
      return new Watching(Rooms.root().resolve(words[0]), words[1], words[2]);
    }

    String selector() {
      return type + "#" + method;
    }

    @Override
    public String toString() {
      return Rooms.root().relativize(room) + " " + selector();
    }
  }

  /** All of them, by name. */
  static List<Guard> all() throws IOException {
    try (Stream<Path> files = Files.list(Rooms.root().resolve("it/guards-off"))) {
      List<Guard> guards = new ArrayList<>();
      for (Path file : files.filter(f -> f.toString().endsWith(".txt")).sorted().toList()) {
        guards.add(read(file));
      }
      return List.copyOf(guards);
    }
  }

  private static Guard read(Path file) throws IOException {
    String name = file.getFileName().toString().replace(".txt", "");
    String sentence = "";
    String source = "";
    String error = "";
    List<Watching> tests = new ArrayList<>();
    List<String> lines = Files.readAllLines(file);
    int on = lines.indexOf(ON);
    int off = lines.indexOf(OFF);
    if (on < 0 || off < on) {
      throw new IllegalArgumentException(name + " has no '" + ON + "' before an '" + OFF + "'");
    }
    for (String line : lines.subList(0, on)) {
      String value = line.substring(line.indexOf(':') + 1).strip();
      switch (line.substring(0, Math.max(0, line.indexOf(':')))) {
        case "guard" -> sentence = value;
        case "source" -> source = value;
        case "test" -> tests.add(Watching.parse(value));
        case "error" -> error = value;
        default -> throw new IllegalArgumentException(name + ": unknown line: " + line);
      }
    }
    if (sentence.isEmpty() || source.isEmpty() || tests.isEmpty()) {
      throw new IllegalArgumentException(name + " needs the lines guard, source and test");
    }
    return new Guard(
        name,
        sentence,
        Rooms.root().resolve(source),
        List.copyOf(tests),
        error,
        String.join("\n", lines.subList(on + 1, off)),
        String.join("\n", lines.subList(off + 1, lines.size())));
  }

  /** How often the guard's text is in its source. */
  int found() throws IOException {
    String text = Files.readString(source);
    int count = 0;
    for (int at = text.indexOf(on); at >= 0; at = text.indexOf(on, at + 1)) {
      count++;
    }
    return count;
  }

  /** The room of the source. */
  Path room() {
    Path room = source;
    while (!room.endsWith("src")) {
      room = room.getParent();
    }
    return room.getParent();
  }

  @Override
  public String toString() {
    return name + ": " + sentence;
  }
}
