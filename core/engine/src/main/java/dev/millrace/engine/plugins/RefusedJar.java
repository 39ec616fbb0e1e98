package dev.millrace.engine.plugins;

/** A jar that breaks a rule for plugins; the message says which, and what to do. */
final class RefusedJar extends Exception {
  private static final long serialVersionUID = 1L;

  RefusedJar(String message) {
    super(message);
  }
}
