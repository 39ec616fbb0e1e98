package dev.millrace.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.osgi.framework.BundleException;

/** Starts one master from one unpacked distribution, and ends when it has stopped. */
public final class Main {
  private static final int REFUSED = 2;
  private static final int FAILED = 1;
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);

  private final Path home;
  private final Map<String, String> environment;
  private final PrintStream err;

  Main(Path home, Map<String, String> environment, PrintStream err) {
    this.home = home;
    this.environment = environment;
    this.err = err;
  }

  /** The first argument is the distribution's folder. */
  public static void main(String[] arguments) throws InterruptedException {
    Path home = Path.of(arguments.length > 0 ? arguments[0] : ".").toAbsolutePath().normalize();
    int code = new Main(home, System.getenv(), System.err).run();
    // Threads of a bundle that did not stop must not keep the process.
    Runtime.getRuntime().halt(code);
  }

  int run() throws InterruptedException {
    try {
      Map<String, String> settings =
          SettingsReader.read(home.resolve("conf/millrace.properties"), environment);
      Listener listener = Listener.of(settings);
      BundleSet bundles = BundleSet.scan(home.resolve("bundles"));
      Path folder = home.resolve(settings.getOrDefault(Setting.DATA.key(), "data")).normalize();
      PrivateFiles.accounts(home.resolve("conf"));
      try (DataFolder data = DataFolder.open(folder)) {
        listener.checkFree();
        settings.put("millrace.home", home.toString());
        settings.put(Setting.DATA.key(), folder.toString());
        settings.putAll(listener.frameworkProperties(settings, folder));
        return run(settings, listener, bundles, data);
      }
    } catch (Refusal e) {
      err.println("Millrace does not start. " + e.getMessage());
      return REFUSED;
    } catch (IOException | BundleException e) {
      err.println("Millrace does not start. " + e);
      return FAILED;
    }
  }

  private int run(
      Map<String, String> settings, Listener listener, BundleSet bundles, DataFolder data)
      throws IOException, BundleException, InterruptedException {
    data.tell("starting", listener.address());
    Duration limit =
        Duration.ofSeconds(Long.parseLong(settings.getOrDefault(Setting.BOOT.key(), "60")));
    CountDownLatch started = new CountDownLatch(1);
    watch(started, limit);
    Container container = Container.start(bundles, data.cache(), settings);
    started.countDown();
    AtomicBoolean ordered = new AtomicBoolean();
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> stopByOrder(container, ordered, main), "stop"));
    List<Missing> missing = Container.await(() -> missing(container, listener), limit);
    if (!missing.isEmpty() && !ordered.get()) {
      err.println("Millrace does not start. Missing after " + limit.toSeconds() + " s:");
      err.println(Missing.print(missing));
      err.println("In short:");
      Missing.roots(missing).forEach(root -> err.println("  " + root));
      container.stop(STOP_LIMIT);
      return FAILED;
    }
    data.tell("running", listener.address());
    err.println(
        "Millrace runs at "
            + listener.address()
            + " bundles="
            + container.bundles()
            + " startMillis="
            + ManagementFactory.getRuntimeMXBean().getUptime());
    container.awaitStop();
    return 0;
  }

  /** A component that hangs while it is activated holds up the framework's own start for good. */
  private void watch(CountDownLatch started, Duration limit) {
    Thread watch =
        new Thread(
            () -> {
              try {
                if (!started.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                  err.println(
                      "Millrace does not start. A bundle still starts after "
                          + limit.toSeconds()
                          + " s (MILLRACE_BOOT_SECONDS); the framework is here:");
                  Thread.getAllStackTraces().forEach(this::tellStarting);
                  Runtime.getRuntime().halt(FAILED);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "boot-watch");
    watch.setDaemon(true);
    watch.start();
  }

  private void tellStarting(Thread thread, StackTraceElement[] stack) {
    if (thread.getName().startsWith("FelixStartLevel")) {
      Arrays.stream(stack).limit(40).forEach(frame -> err.println("  " + frame));
    }
  }

  private static List<Missing> missing(Container container, Listener listener) {
    List<Missing> missing = new ArrayList<>(container.missing());
    if (missing.isEmpty() && !listener.answers()) {
      missing.add(Missing.of("nobody listens at " + listener.address() + "; see the log"));
    }
    return missing;
  }

  /** Runs on SIGTERM and SIGINT; the process ends with 0 when everything stopped in time. */
  private void stopByOrder(Container container, AtomicBoolean ordered, Thread main) {
    ordered.set(true);
    try {
      if (!container.stop(STOP_LIMIT)) {
        err.println(
            "Millrace did not stop within " + STOP_LIMIT.toSeconds() + " s; it is ended now.");
        Runtime.getRuntime().halt(FAILED);
      }
      main.join(2000);
    } catch (BundleException | InterruptedException e) {
      err.println("Millrace did not stop cleanly: " + e);
    }
  }
}
