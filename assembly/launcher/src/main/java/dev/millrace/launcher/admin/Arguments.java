package dev.millrace.launcher.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The words and options of one command, checked against what the command takes. */
final class Arguments {
  private final List<String> words = new ArrayList<>();
  private final Map<String, String> options = new LinkedHashMap<>();

  private Arguments() {}

  /**
   * Reads {@code --name value}, {@code --name=value} and flags, anywhere among the words.
   *
   * @param names of the words that the command needs
   * @param takes name of an option to whether it has a value
   */
  static Arguments read(List<String> given, List<String> names, Map<String, Boolean> takes)
      throws Failure {
    Arguments read = new Arguments();
    for (int i = 0; i < given.size(); i++) {
      String word = given.get(i);
      if (!word.startsWith("--")) {
        read.words.add(word);
        continue;
      }
      int equals = word.indexOf('=');
      String name = word.substring(2, equals < 0 ? word.length() : equals);
      Boolean valued = takes.get(name);
      if (valued == null) {
        throw Failure.usage("unknown option --" + name);
      }
      if (!valued) {
        if (equals >= 0) {
          throw Failure.usage("option --" + name + " takes no value");
        }
        read.options.put(name, "true");
      } else if (equals >= 0) {
        read.options.put(name, word.substring(equals + 1));
      } else if (i + 1 < given.size()) {
        read.options.put(name, given.get(++i));
      } else {
        throw Failure.usage("option --" + name + " needs a value");
      }
    }
    if (read.words.size() < names.size()) {
      throw Failure.usage(names.get(read.words.size()) + " is missing");
    }
    if (read.words.size() > names.size()) {
      throw Failure.usage("\"" + read.words.get(names.size()) + "\" is one word too many");
    }
    return read;
  }

  String word(int index) {
    return words.get(index);
  }

  Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  boolean flag(String name) {
    return options.containsKey(name);
  }

  /** A whole number. */
  Optional<Long> number(String name) throws Failure {
    String text = options.get(name);
    try {
      return text == null ? Optional.empty() : Optional.of(Long.parseLong(text));
    } catch (NumberFormatException e) {
      throw Failure.usage("option --" + name + " takes a whole number, not \"" + text + "\"");
    }
  }

  /** Seconds, from a number with a unit such as {@code 30d}. */
  Optional<Long> seconds(String name) throws Failure {
    String text = options.get(name);
    if (text == null) {
      return Optional.empty();
    }
    if (!text.matches("[0-9]{1,9}[smhd]")) {
      throw Failure.usage("option --" + name + " takes a time such as 45m, 12h or 30d");
    }
    long unit =
        switch (text.charAt(text.length() - 1)) {
          case 's' -> 1;
          case 'm' -> 60;
          case 'h' -> 3_600;
          default -> 86_400;
        };
    return Optional.of(Long.parseLong(text.substring(0, text.length() - 1)) * unit);
  }
}
