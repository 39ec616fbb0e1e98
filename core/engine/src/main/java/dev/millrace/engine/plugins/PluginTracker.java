package dev.millrace.engine.plugins;

import dev.millrace.spi.common.Plugin;
import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.registry.ImageRegistry;
import dev.millrace.spi.storage.ArtifactStore;
import java.util.List;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.util.tracker.ServiceTracker;
import org.osgi.util.tracker.ServiceTrackerCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the services of plugins into the directory, and takes them out before they go. */
final class PluginTracker {
  private static final Logger LOG = LoggerFactory.getLogger(PluginTracker.class);

  private final PluginDirectory directory;
  private final List<ServiceTracker<?, ?>> trackers;

  private interface Adding<P> {
    void add(Object service, String name, long bundle, P plugin);
  }

  PluginTracker(BundleContext context, PluginDirectory directory) {
    this.directory = directory;
    this.trackers =
        List.of(
            tracker(context, ArtifactStore.class, directory::addStore),
            tracker(context, ComputeProvider.class, directory::addCompute),
            tracker(context, ImageRegistry.class, directory::addRegistry));
  }

  void open() {
    trackers.forEach(ServiceTracker::open);
  }

  void close() {
    trackers.forEach(ServiceTracker::close);
  }

  private <P extends Plugin> ServiceTracker<P, P> tracker(
      BundleContext context, Class<P> type, Adding<P> adding) {
    return new ServiceTracker<>(
        context,
        type,
        new ServiceTrackerCustomizer<P, P>() {
          @Override
          public P addingService(ServiceReference<P> reference) {
            P plugin = context.getService(reference);
            Bundle bundle = reference.getBundle();
            if (plugin != null && bundle != null) {
              adding.add(reference, name(reference), bundle.getBundleId(), plugin);
            }
            return plugin;
          }

          @Override
          public void modifiedService(ServiceReference<P> reference, P plugin) {
            LOG.debug("event=plugin-service-modified name={}", name(reference));
          }

          @Override
          public void removedService(ServiceReference<P> reference, P plugin) {
            // In the thread that takes the service away: it waits until the drain is over.
            directory.remove(reference);
            context.ungetService(reference);
          }
        });
  }

  /** The account's name; of a service that no account made, what follows the tilde of its PID. */
  private static String name(ServiceReference<?> reference) {
    if (reference.getProperty(Accounts.NAME) instanceof String name) {
      return name;
    }
    String pid = String.valueOf(reference.getProperty(Constants.SERVICE_PID));
    return pid.substring(pid.indexOf('~') + 1);
  }
}
