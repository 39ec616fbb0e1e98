package dev.millrace.engine.plugins;

/** A plugin that would not start; the message says why. */
final class FailedPlugin extends Exception {
  private static final long serialVersionUID = 1L;

  FailedPlugin(String message) {
    super(message);
  }
}
