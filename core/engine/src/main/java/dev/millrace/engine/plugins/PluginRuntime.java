package dev.millrace.engine.plugins;

import java.util.Optional;

/** Where plugins run. */
interface PluginRuntime {
  /** Installs a jar and finds everything it needs, but does not start it. */
  Installed install(PluginJar jar) throws FailedPlugin;

  /** A plugin that is installed. */
  interface Installed {
    /** The bundle's number. */
    long bundle();

    /** Starts it; if it throws, the plugin is as it was before. */
    void start() throws FailedPlugin;

    /** Stops it; its services drain first. */
    void stop();

    /** Stops and removes it, and only it. */
    void remove();

    /** What of it did not start although the bundle did; empty if all is well. */
    Optional<String> complaint();
  }
}
