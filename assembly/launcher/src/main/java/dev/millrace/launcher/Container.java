package dev.millrace.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.startlevel.BundleStartLevel;
import org.osgi.framework.startlevel.FrameworkStartLevel;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** The framework with the bundles of the distribution. */
final class Container {
  /** Plugins, which others install later, start after everything of the distribution. */
  private static final int PLUGIN_LEVEL = 4;

  private static final int RUNNING_LEVEL = 10;

  private final Framework framework;

  private Container(Framework framework) {
    this.framework = framework;
  }

  /**
   * Installs and starts the bundles. The cache is kept while the jars are the same; what others
   * installed in an earlier run is removed from it, because they install again what is still
   * wanted.
   */
  static Container start(BundleSet bundles, Path cache, Map<String, String> properties)
      throws BundleException, IOException {
    Path mark = cache.resolve("millrace.bundles");
    String fingerprint = bundles.fingerprint();
    boolean keep = Files.exists(mark) && Files.readString(mark).equals(fingerprint);
    Map<String, String> config = new HashMap<>(properties);
    config.put(Constants.FRAMEWORK_STORAGE, cache.toString());
    config.put(
        Constants.FRAMEWORK_STORAGE_CLEAN,
        keep ? "none" : Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    config.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, "" + RUNNING_LEVEL);
    // The framework's own logger prints stack traces; errors are told by the tree and by main.
    config.put("felix.log.level", "0");
    // The launcher asks the component runtime, so both see these packages from the class path.
    config.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
        "org.osgi.service.component;version=1.5.1,"
            + "org.osgi.service.component.propertytypes;version=1.5,"
            + "org.osgi.service.component.runtime;version=1.5,"
            + "org.osgi.service.component.runtime.dto;version=1.5,"
            + "org.osgi.util.promise;version=1.3,"
            + "org.osgi.util.function;version=1.2");
    Framework framework = new FrameworkFactory().newFramework(config);
    framework.init();
    if (!keep) {
      Files.deleteIfExists(mark);
    }
    BundleContext context = framework.getBundleContext();
    Set<String> wanted =
        bundles.entries().stream().map(BundleSet.Entry::location).collect(Collectors.toSet());
    for (Bundle bundle : context.getBundles()) {
      if (bundle.getBundleId() != 0 && !wanted.contains(bundle.getLocation())) {
        bundle.uninstall();
      }
    }
    List<Bundle> started = new ArrayList<>();
    for (BundleSet.Entry entry : bundles.entries()) {
      Bundle bundle = context.installBundle(entry.location());
      bundle.adapt(BundleStartLevel.class).setStartLevel(entry.level());
      if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        started.add(bundle);
      }
    }
    framework.adapt(FrameworkStartLevel.class).setInitialBundleStartLevel(PLUGIN_LEVEL);
    for (Bundle bundle : started) {
      bundle.start(Bundle.START_ACTIVATION_POLICY);
    }
    framework.start();
    Files.writeString(mark, fingerprint);
    return new Container(framework);
  }

  /** What is missing now: bundles first, because components wait for them. */
  List<Missing> missing() {
    BundleContext context = framework.getBundleContext();
    List<Missing> missing = new ArrayList<>(MissingBundles.find(context));
    for (Bundle bundle : context.getBundles()) {
      if (bundle.getState() == Bundle.RESOLVED
          && bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
        missing.add(notStarted(bundle));
      }
    }
    ServiceReference<ServiceComponentRuntime> reference =
        context.getServiceReference(ServiceComponentRuntime.class);
    ServiceComponentRuntime runtime = reference == null ? null : context.getService(reference);
    if (runtime == null) {
      missing.add(Missing.of("the component runtime (org.apache.felix.scr) is not running"));
    } else {
      missing.addAll(MissingComponents.find(runtime));
    }
    return missing;
  }

  private static Missing notStarted(Bundle bundle) {
    String reason = "it was stopped";
    try {
      bundle.start();
    } catch (BundleException e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      reason = cause.toString();
    }
    return new Missing(
        "bundle " + bundle.getSymbolicName() + " does not start", List.of(Missing.of(reason)));
  }

  int bundles() {
    return framework.getBundleContext().getBundles().length;
  }

  /** Stops the framework; false when it had not stopped within the time. */
  boolean stop(Duration limit) throws BundleException, InterruptedException {
    framework.stop();
    return framework.waitForStop(limit.toMillis()).getType()
        != org.osgi.framework.FrameworkEvent.WAIT_TIMEDOUT;
  }

  /** Returns when the framework has stopped, whoever stopped it. */
  void awaitStop() throws InterruptedException {
    framework.waitForStop(0);
  }

  /**
   * Asks every 100 ms until nothing is missing or the time is over; returns what is missing then.
   */
  static List<Missing> await(Supplier<List<Missing>> question, Duration limit)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    List<Missing> missing = question.get();
    while (!missing.isEmpty() && System.nanoTime() < end) {
      Thread.sleep(100);
      missing = question.get();
    }
    return missing;
  }
}
