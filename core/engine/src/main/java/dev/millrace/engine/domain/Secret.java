package dev.millrace.engine.domain;

/** A value that must not be printed. */
public final class Secret {
  private final String value;

  private Secret(String value) {
    this.value = value;
  }

  public static Secret of(String value) {
    return new Secret(value);
  }

  /** The value itself; call it only where it is handed on. */
  public String reveal() {
    return value;
  }

  @Override
  public String toString() {
    return "***";
  }
}
