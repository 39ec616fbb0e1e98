package dev.millrace.engine.plugins;

import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.PluginInfo.Figures;
import dev.millrace.engine.domain.PluginInfo.Kind;
import dev.millrace.engine.domain.PluginInfo.Service;
import dev.millrace.engine.domain.PluginInfo.State;
import dev.millrace.engine.settings.Settings;
import java.io.File;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.cm.ConfigurationPlugin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.metatype.MetaTypeService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the loop that watches {@code plugins/} and {@code conf/}, and shows what came of it. */
@Component(service = Plugins.class, immediate = true)
public final class PluginHost implements Plugins {
  private static final Logger LOG = LoggerFactory.getLogger(PluginHost.class);
  private static final long TICK_MILLIS = 500;

  private final PluginDirectory directory;
  private final PluginTracker tracker;
  private final FrameworkRuntime runtime;
  private final PluginInstaller installer;
  private final AccountShapes shapes;
  private final Accounts accounts;
  private final ServiceRegistration<ConfigurationPlugin> secrets;
  private final ScheduledExecutorService loop;
  private String lastTrouble = "";

  @Activate
  public PluginHost(
      BundleContext context,
      @Reference Settings settings,
      @Reference Clock clock,
      @Reference ConfigurationAdmin configurations,
      @Reference MetaTypeService metaTypes,
      @Reference ServiceComponentRuntime components) {
    File copies = context.getDataFile("plugins");
    if (copies == null) {
      throw new IllegalStateException("the framework gives bundles no folder of their own");
    }
    this.directory = new PluginDirectory(clock, Pace.REAL);
    this.runtime = new FrameworkRuntime(context, components);
    this.installer =
        new PluginInstaller(
            settings.home(), copies.toPath(), new PromisedPackages(context), runtime, clock);
    this.shapes = new AccountShapes(context, metaTypes);
    this.accounts =
        new Accounts(
            settings.home(),
            Map.of(
                "millrace.home",
                settings.home().toString(),
                "millrace.data",
                settings.data().toString()),
            configurations,
            clock);
    runtime.removeLeftovers();
    // Before any configuration is delivered, or a plugin would be made without its secrets.
    this.secrets = context.registerService(ConfigurationPlugin.class, accounts, new Hashtable<>());
    this.tracker = new PluginTracker(context, directory);
    tracker.open();
    this.loop =
        Executors.newSingleThreadScheduledExecutor(
            body -> {
              Thread thread = new Thread(body, "plugins");
              thread.setDaemon(true);
              return thread;
            });
    var unused = loop.scheduleWithFixedDelay(this::tick, 0, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Deactivate
  void stop() {
    loop.shutdownNow();
    try {
      if (!loop.awaitTermination(30, TimeUnit.SECONDS)) {
        LOG.warn("event=plugin-loop-still-runs");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    tracker.close();
    secrets.unregister();
  }

  private void tick() {
    try {
      installer.tick();
      accounts.tick(shapes.claimed());
      lastTrouble = "";
    } catch (IOException | RuntimeException e) {
      // The next tick tries again; the same trouble is told once.
      String trouble = e.toString();
      if (!trouble.equals(lastTrouble)) {
        LOG.error(
            "event=plugins-not-read action=\"look at plugins/ and conf/ and their rights\"", e);
      }
      lastTrouble = trouble;
    }
  }

  @Override
  public Optional<GuardedStore> store(String name) {
    return directory.store(name);
  }

  @Override
  public Optional<GuardedCompute> compute(String name) {
    return directory.compute(name);
  }

  @Override
  public List<GuardedRegistry> registries() {
    return directory.registries();
  }

  @Override
  public PluginMissing missing(Kind kind, String name) {
    for (Accounts.Problem problem : accounts.problems()) {
      if (problem.name().equals(name) && problem.state() == State.QUARANTINED) {
        return new PluginMissing("account " + name + " is out of use: " + problem.reason());
      }
    }
    return directory.missing(kind, name);
  }

  @Override
  public Subscription listen(PluginListener listener) {
    return directory.listen(listener);
  }

  @Override
  public List<PluginInfo> list() {
    List<Accounts.Problem> problems = new ArrayList<>(accounts.problems());
    List<PluginInfo> all = new ArrayList<>(installer.list(bundle -> services(bundle, problems)));
    for (Accounts.Problem problem : problems) {
      all.add(
          new PluginInfo(
              problem.pid(),
              "",
              problem.file(),
              problem.state(),
              problem.reason(),
              problem.since(),
              List.of()));
    }
    return all;
  }

  /** A bundle's services, its components that failed, and its accounts that make no sense. */
  private List<Service> services(long bundle, List<Accounts.Problem> problems) {
    List<Service> all = new ArrayList<>(directory.services(bundle));
    for (FrameworkRuntime.FailedComponent failed : runtime.failed(bundle)) {
      all.add(problem(failed.account(), State.FAILED, failed.reason(), Instant.EPOCH));
    }
    for (Accounts.Problem problem : List.copyOf(problems)) {
      if (problem.state() == State.QUARANTINED && shapes.claims(bundle, problem.pid())) {
        all.add(problem(problem.name(), problem.state(), problem.reason(), problem.since()));
        problems.remove(problem);
      }
    }
    return all;
  }

  private static Service problem(String name, State state, String reason, Instant since) {
    return new Service("", name, state, reason, since, Figures.NONE);
  }
}
