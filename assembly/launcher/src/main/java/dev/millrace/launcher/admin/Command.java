package dev.millrace.launcher.admin;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One command.
 *
 * @param words names of its words, in order
 * @param options name to whether it has a value
 */
record Command(
    String noun,
    String verb,
    List<String> words,
    Map<String, Boolean> options,
    String meaning,
    Work work) {

  /** What it does. */
  @FunctionalInterface
  interface Work {
    void run(Server server, Arguments arguments, Screen screen) throws Failure;
  }

  Command {
    options = new TreeMap<>(options);
    options.put("json", false);
    options.put("help", false);
  }

  /** For example {@code user create NAME [--admin] [--email EMAIL]}. */
  String usage() {
    StringBuilder text = new StringBuilder(noun).append(' ').append(verb);
    words.forEach(word -> text.append(' ').append(word));
    options.forEach(
        (name, valued) -> {
          if (!name.equals("help") && !name.equals("json")) {
            text.append(" [--").append(name).append(valued ? " …]" : "]");
          }
        });
    return text.toString();
  }
}
