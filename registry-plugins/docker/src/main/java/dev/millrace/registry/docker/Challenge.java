package dev.millrace.registry.docker;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a registry wants to be asked: {@code Basic} or {@code Bearer}, with its parameters. */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final Pattern PARAMETER =
      Pattern.compile("([A-Za-z]+)=(?:\"([^\"]*)\"|([^,\\s]+))");

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /**
   * The one we can answer among the WWW-Authenticate headers of an answer; tokens before logins.
   */
  static Optional<Challenge> of(List<String> headers) {
    List<Challenge> all = headers.stream().map(Challenge::parse).toList();
    return all.stream()
        .filter(c -> c.scheme.equals("bearer"))
        .findFirst()
        .or(() -> all.stream().filter(c -> c.scheme.equals("basic")).findFirst());
  }

  private static Challenge parse(String header) {
    String[] parts = header.strip().split("\\s+", 2);
    Map<String, String> parameters = new LinkedHashMap<>();
    Matcher matcher = PARAMETER.matcher(parts.length > 1 ? parts[1] : "");
    while (matcher.find()) {
      String value = matcher.group(2) == null ? matcher.group(3) : matcher.group(2);
      parameters.put(matcher.group(1).toLowerCase(Locale.ROOT), value);
    }
    return new Challenge(parts[0].toLowerCase(Locale.ROOT), parameters);
  }

  boolean isBearer() {
    return scheme.equals("bearer");
  }
}
