package dev.millrace.engine.plugins;

/**
 * The plugin is not there, or out of use; the message is for users. It may come back at any time.
 */
public final class PluginMissing extends Exception {
  private static final long serialVersionUID = 1L;

  public PluginMissing(String message) {
    super(message);
  }
}
