package dev.millrace.engine.domain;

/** A secret under the installation's key (AES-GCM, base64): what may be stored. */
public record Sealed(String text) {
  @Override
  public String toString() {
    return "***";
  }
}
