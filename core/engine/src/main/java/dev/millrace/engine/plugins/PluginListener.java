package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo.Kind;

/**
 * Hears that a plugin's service has come or gone. Must not wait: it is called while that happens.
 */
@FunctionalInterface
public interface PluginListener {
  /** The account {@code name} of this kind is there now, or is not any more. */
  void changed(Kind kind, String name, boolean there);
}
