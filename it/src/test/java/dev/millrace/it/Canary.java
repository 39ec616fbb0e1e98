package dev.millrace.it;

import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A secret whose every appearance would be a leak, in the forms in which it may appear. */
record Canary(String name, String value, Map<String, String> forms) {
  static Canary of(String name, String value) {
    Map<String, String> forms = new LinkedHashMap<>();
    forms.put("plain", bytes(value));
    String url = URLEncoder.encode(value, StandardCharsets.UTF_8);
    forms.put("URL", url);
    forms.put("URL with %20", url.replace("+", "%20"));
    String hex = HexFormat.of().formatHex(value.getBytes(StandardCharsets.UTF_8));
    forms.put("hex", hex);
    forms.put("HEX", hex.toUpperCase(Locale.ROOT));
    try {
      String json = Api.JSON.writeValueAsString(value);
      forms.put("JSON", bytes(json.substring(1, json.length() - 1)));
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
    for (int before = 0; before < 3; before++) {
      String base64 = base64(value, before);
      forms.put("base64 at " + before, base64);
      forms.put("base64url at " + before, base64.replace('+', '-').replace('/', '_'));
    }
    Set<String> texts = new TreeSet<>();
    forms.values().removeIf(text -> !texts.add(text));
    return new Canary(name, value, Map.copyOf(forms));
  }

  /**
   * Those characters of the base64 of {@code before} other bytes and the value that only it makes.
   */
  private static String base64(String value, int before) {
    byte[] text = ("x".repeat(before) + value).getBytes(StandardCharsets.UTF_8);
    String base64 = Base64.getEncoder().withoutPadding().encodeToString(text);
    return base64.substring((before * 8 + 5) / 6, text.length * 8 / 6);
  }

  /**
   * The names of the forms that are in {@code haystack}, which holds one byte in each character.
   */
  Set<String> in(String haystack) {
    Set<String> found = new TreeSet<>();
    forms.forEach(
        (form, text) -> {
          if (haystack.contains(text)) {
            found.add(form);
          }
        });
    return found;
  }

  /** Text as a haystack has it. */
  static String bytes(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
