package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.PluginInfo.Kind;
import java.util.List;
import java.util.Optional;

/** The directory of what plugins offer, by account name. */
public interface Plugins {
  /** The store of an account; empty while it is missing, see {@link #missing}. */
  Optional<GuardedStore> store(String name);

  /** The compute provider of an account; empty while it is missing. */
  Optional<GuardedCompute> compute(String name);

  /** All image registries, by name. */
  List<GuardedRegistry> registries();

  /** Why an account is not there, in words for users. */
  PluginMissing missing(Kind kind, String name);

  /** Tells the listener of what comes and goes from now on, until the answer is closed. */
  Subscription listen(PluginListener listener);

  /** Every plugin and every unclaimed account, with state and reason. */
  List<PluginInfo> list();

  /** Ends what {@link #listen} began. */
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }
}
