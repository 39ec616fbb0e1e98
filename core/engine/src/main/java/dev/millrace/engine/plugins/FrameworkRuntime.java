package dev.millrace.engine.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.component.runtime.dto.ComponentConfigurationDTO;
import org.osgi.service.component.runtime.dto.ComponentDescriptionDTO;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Plugins as bundles of the framework that the engine runs in. */
final class FrameworkRuntime implements PluginRuntime {
  private static final Logger LOG = LoggerFactory.getLogger(FrameworkRuntime.class);
  private static final String LOCATION = "millrace-plugin:";
  private static final Duration REFRESH = Duration.ofSeconds(30);

  private final BundleContext context;
  private final ServiceComponentRuntime components;

  FrameworkRuntime(BundleContext context, ServiceComponentRuntime components) {
    this.context = context;
    this.components = components;
  }

  /** Removes what an earlier life of the engine left installed. */
  void removeLeftovers() {
    for (Bundle bundle : context.getBundles()) {
      if (bundle.getLocation().startsWith(LOCATION)) {
        remove(bundle);
      }
    }
  }

  @Override
  public Installed install(PluginJar jar) throws FailedPlugin {
    Bundle bundle;
    try (InputStream in = Files.newInputStream(jar.copy())) {
      bundle = context.installBundle(LOCATION + jar.sha256() + "/" + jar.file(), in);
    } catch (BundleException | IOException e) {
      throw new FailedPlugin("it could not be installed: " + line(e));
    }
    if (!wiring().resolveBundles(List.of(bundle))) {
      String why = "it lacks something that it needs";
      try {
        // Only a start says what is missing.
        bundle.start(Bundle.START_TRANSIENT);
      } catch (BundleException e) {
        why = line(e);
      }
      remove(bundle);
      throw new FailedPlugin("it could not be resolved: " + why);
    }
    return new InstalledBundle(bundle);
  }

  /** What of the bundle's components failed, by the account where it is known. */
  List<FailedComponent> failed(long bundle) {
    Bundle of = context.getBundle(bundle);
    if (of == null) {
      return List.of();
    }
    return components.getComponentDescriptionDTOs(of).stream()
        .flatMap(description -> failed(description))
        .toList();
  }

  /** A component that threw when it was made. */
  record FailedComponent(String account, String reason) {}

  private Stream<FailedComponent> failed(ComponentDescriptionDTO description) {
    return components.getComponentConfigurationDTOs(description).stream()
        .filter(each -> each.state == ComponentConfigurationDTO.FAILED_ACTIVATION)
        .map(
            each ->
                new FailedComponent(
                    String.valueOf(each.properties.getOrDefault(Accounts.NAME, description.name)),
                    reason(each.failure)));
  }

  /** The text of the innermost cause, which is what the plugin said. */
  private static String reason(String trace) {
    String reason = "";
    for (String line : trace.split("\\R")) {
      if (reason.isEmpty() || line.startsWith("Caused by: ")) {
        reason = line.replace("Caused by: ", "");
      }
    }
    return reason;
  }

  private FrameworkWiring wiring() {
    return context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class);
  }

  private void remove(Bundle bundle) {
    try {
      bundle.uninstall();
    } catch (BundleException | IllegalStateException e) {
      LOG.warn("event=plugin-not-uninstalled bundle={} reason=\"{}\"", bundle, line(e));
    }
    CountDownLatch refreshed = new CountDownLatch(1);
    // The bundle exports nothing, so nothing else is refreshed with it.
    wiring().refreshBundles(List.of(bundle), event -> refreshed.countDown());
    try {
      if (!refreshed.await(REFRESH.toNanos(), TimeUnit.NANOSECONDS)) {
        LOG.warn("event=plugin-not-refreshed bundle={}", bundle);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String line(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String text = cause == e ? e.getMessage() : e.getMessage() + ": " + cause;
    return String.valueOf(text).replaceAll("\\p{Cntrl}+", " ");
  }

  private final class InstalledBundle implements Installed {
    private final Bundle bundle;

    InstalledBundle(Bundle bundle) {
      this.bundle = bundle;
    }

    @Override
    public long bundle() {
      return bundle.getBundleId();
    }

    @Override
    public void start() throws FailedPlugin {
      try {
        bundle.start(Bundle.START_TRANSIENT);
      } catch (BundleException | IllegalStateException e) {
        throw new FailedPlugin("it did not start: " + line(e));
      }
    }

    @Override
    public void stop() {
      try {
        bundle.stop();
      } catch (BundleException | IllegalStateException e) {
        LOG.warn("event=plugin-not-stopped bundle={} reason=\"{}\"", bundle, line(e));
      }
    }

    @Override
    public void remove() {
      stop();
      FrameworkRuntime.this.remove(bundle);
    }

    @Override
    public Optional<String> complaint() {
      return failed(bundle.getBundleId()).stream()
          .findFirst()
          .map(each -> "its account " + each.account() + " did not start: " + each.reason());
    }
  }
}
