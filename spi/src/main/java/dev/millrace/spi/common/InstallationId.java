package dev.millrace.spi.common;

import java.util.regex.Pattern;

/**
 * Names one installation of Millrace, so that one never touches what another one rents: 1 to 63
 * lower-case letters, digits and inner hyphens, good as a label in every cloud.
 */
public record InstallationId(String value) {
  private static final Pattern FORM = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  public InstallationId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "installation id must be 1 to 63 lower-case letters, digits and inner hyphens: " + value);
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
