package dev.millrace.engine.plugins;

import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes each change of a bundle's state to the log, so that an operator can see that swapping a
 * plugin touched that plugin alone.
 */
@Component(
    service = {},
    immediate = true)
public final class BundleJournal implements SynchronousBundleListener {
  private static final Logger LOG = LoggerFactory.getLogger(BundleJournal.class);
  private static final Map<Integer, String> WORDS =
      Map.of(
          BundleEvent.INSTALLED, "installed",
          BundleEvent.UPDATED, "updated",
          BundleEvent.STARTED, "started",
          BundleEvent.STOPPED, "stopped",
          BundleEvent.UNRESOLVED, "unresolved",
          BundleEvent.UNINSTALLED, "uninstalled");

  private final BundleContext context;

  @Activate
  public BundleJournal(BundleContext context) {
    this.context = context;
    context.addBundleListener(this);
  }

  @Deactivate
  void close() {
    context.removeBundleListener(this);
  }

  @Override
  public void bundleChanged(BundleEvent event) {
    String word = WORDS.get(event.getType());
    if (word != null) {
      LOG.info(
          "bundle event={} name={} version={}",
          word,
          event.getBundle().getSymbolicName(),
          event.getBundle().getVersion());
    }
  }
}
