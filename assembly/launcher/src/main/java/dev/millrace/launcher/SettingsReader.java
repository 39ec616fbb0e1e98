package dev.millrace.launcher;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;

/** Reads the file and the environment; the environment wins. */
final class SettingsReader {
  private static final String PREFIX = "MILLRACE_";

  private SettingsReader() {}

  /** The settings by key. An unknown name refuses the start and names the nearest known one. */
  static Map<String, String> read(Path file, Map<String, String> environment) throws Refusal {
    Map<String, String> settings = new TreeMap<>();
    if (Files.exists(file)) {
      Properties properties = load(file);
      for (String name : properties.stringPropertyNames()) {
        put(settings, file + ": ", name, properties.getProperty(name, ""), false);
      }
    }
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      if (variable.getKey().startsWith(PREFIX)) {
        put(settings, "environment: ", variable.getKey(), variable.getValue(), true);
      }
    }
    return settings;
  }

  private static void put(
      Map<String, String> settings, String place, String name, String value, boolean variable)
      throws Refusal {
    Optional<Setting> known = variable ? Setting.ofVariable(name) : Setting.ofKey(name);
    if (known.isEmpty()) {
      Function<Setting, String> spelling = variable ? Setting::variable : Setting::key;
      throw new Refusal(
          place
              + name
              + " is not a setting. Did you mean "
              + nearest(name, Arrays.stream(Setting.values()).map(spelling).toList())
              + "?");
    }
    String text = value.trim();
    if (text.isEmpty()) {
      // An empty variable takes the file's word back to the default.
      settings.remove(known.get().key());
    } else {
      known.get().check(place + name, text);
      settings.put(known.get().key(), text);
    }
  }

  private static Properties load(Path file) throws Refusal {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(in);
    } catch (IOException | IllegalArgumentException e) {
      throw new Refusal(file + " cannot be read: " + e.getMessage());
    }
    return properties;
  }

  static String nearest(String name, List<String> known) {
    String best = known.get(0);
    for (String candidate : known) {
      if (distance(name, candidate) < distance(name, best)) {
        best = candidate;
      }
    }
    return best;
  }

  /** Levenshtein's distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
