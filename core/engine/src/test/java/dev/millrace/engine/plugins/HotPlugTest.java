package dev.millrace.engine.plugins;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.domain.PluginInfo.Kind;
import dev.millrace.engine.domain.PluginInfo.State;
import dev.millrace.engine.settings.Settings;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.ArtifactStore;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.launch.FrameworkFactory;
import org.osgi.framework.wiring.BundleWiring;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.metatype.MetaTypeService;

/** Plugins come and go in a real framework, by files alone. */
@Timeout(120)
class HotPlugTest {
  private static final Duration LONGEST = Duration.ofSeconds(Long.getLong("longest.seconds", 60));

  @TempDir Path home;
  private Path plugins;
  private Framework framework;
  private PluginHost host;

  @BeforeEach
  void start() throws Exception {
    plugins = Files.createDirectory(home.resolve("plugins"));
    Files.createDirectory(home.resolve("conf"));
    Map<String, String> config = new HashMap<>();
    config.put(Constants.FRAMEWORK_STORAGE, home.resolve("cache").toString());
    config.put(
        Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA,
        "dev.millrace.spi.common;version=1.0.0,dev.millrace.spi.storage;version=1.0.0,"
            + "org.slf4j;version=2.0.17,org.osgi.service.cm;version=1.6.1,"
            + "org.osgi.service.metatype;version=1.4.1,org.osgi.service.component;version=1.5.1,"
            + "org.osgi.service.component.runtime;version=1.5,"
            + "org.osgi.service.component.runtime.dto;version=1.5,"
            + "org.osgi.util.promise;version=1.3,org.osgi.util.function;version=1.2,"
            + "org.osgi.service.log;version=1.5");
    framework =
        java.util.ServiceLoader.load(FrameworkFactory.class)
            .findFirst()
            .orElseThrow()
            .newFramework(config);
    framework.start();
    BundleContext context = framework.getBundleContext();
    for (String path : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
      if (path.matches(".*org\\.apache\\.felix\\.(scr|configadmin|metatype)-[^/]*\\.jar")) {
        context.installBundle(Path.of(path).toUri().toString()).start();
      }
    }
    host =
        new PluginHost(
            context,
            new Settings(key -> key.equals("millrace.home") ? home.toString() : null),
            Clock.systemUTC(),
            service(context, ConfigurationAdmin.class),
            service(context, MetaTypeService.class),
            service(context, ServiceComponentRuntime.class));
  }

  @AfterEach
  void stop() throws Exception {
    host.stop();
    framework.stop();
    framework.waitForStop(30_000);
  }

  @Test
  void aJarThatIsDroppedInWorksUntilItIsTakenOut() throws Exception {
    account("default", "{\"greeting\": \"hello\"}");
    await(() -> state("conf/sample~default.json") == State.UNCLAIMED);
    List<String> events = new CopyOnWriteArrayList<>();
    framework
        .getBundleContext()
        .addBundleListener(
            (SynchronousBundleListener)
                event -> {
                  if (event.getType() == BundleEvent.STOPPED) {
                    events.add(String.valueOf(event.getBundle().getSymbolicName()));
                  }
                });
    new SampleJar("1.0.0").dropInto(plugins, "sample.jar");
    await(() -> host.store("default").isPresent());
    GuardedStore store = host.store("default").orElseThrow();
    assertEquals("sample://hello/", store.root().toString());
    await(() -> state("sample.jar") == State.READY);
    assertEquals("default", info("sample.jar").orElseThrow().services().get(0).name());
    assertTrue(info("conf/sample~default.json").isEmpty());
    Files.delete(plugins.resolve("sample.jar"));
    await(() -> host.store("default").isEmpty());
    await(() -> isGone(store));
    await(() -> host.list().size() == 1);
    assertEquals(State.UNCLAIMED, host.list().get(0).state());
    assertTrue(host.missing(Kind.STORE, "default").getMessage().contains("removed"));
    assertEquals(List.of("sample.plugin"), events);
    new SampleJar("1.0.0").dropInto(plugins, "sample.jar");
    await(() -> host.store("default").isPresent());
  }

  /** A caller that keeps what it was given must not keep the plugin's classes with it. */
  @Test
  void aPluginThatWasTakenOutLeavesNoClassBehind() throws Exception {
    account("default", "{\"greeting\": \"hello\"}");
    new SampleJar("1.0.0").dropInto(plugins, "sample.jar");
    await(() -> host.store("default").isPresent());
    GuardedStore kept = host.store("default").orElseThrow();
    kept.stat(new BlobKey("k"));
    WeakReference<ClassLoader> loader = loaderOfThePlugin();
    Files.delete(plugins.resolve("sample.jar"));
    await(() -> host.store("default").isEmpty());
    await(() -> isGone(kept));
    await(
        () -> {
          System.gc();
          return loader.get() == null;
        });
  }

  private WeakReference<ClassLoader> loaderOfThePlugin() {
    for (Bundle bundle : framework.getBundleContext().getBundles()) {
      if ("sample.plugin".equals(bundle.getSymbolicName())) {
        return new WeakReference<>(bundle.adapt(BundleWiring.class).getClassLoader());
      }
    }
    throw new AssertionError("the plugin is not installed");
  }

  @Test
  void theHighestVersionRunsAndTheOthersWait() throws Exception {
    account("default", "{\"greeting\": \"hello\"}");
    new SampleJar("1.0.0").dropInto(plugins, "a.jar");
    await(() -> state("a.jar") == State.READY);
    new SampleJar("1.10.0").dropInto(plugins, "b.jar");
    new SampleJar("1.9.0").dropInto(plugins, "c.jar");
    await(() -> state("b.jar") == State.READY && state("c.jar") == State.SUPERSEDED);
    assertEquals(State.SUPERSEDED, state("a.jar"));
    assertEquals("1.10.0", running().getVersion().toString());
    Files.delete(plugins.resolve("b.jar"));
    await(() -> state("c.jar") == State.READY);
    assertEquals("1.9.0", running().getVersion().toString());
    await(() -> host.store("default").isPresent());
  }

  @Test
  void aNewerJarThatDoesNotStartLeavesTheOldOneRunning() throws Exception {
    account("default", "{\"greeting\": \"hello\"}");
    new SampleJar("1.0.0").dropInto(plugins, "a.jar");
    await(() -> host.store("default").isPresent());
    GuardedStore store = host.store("default").orElseThrow();
    new SampleJar("2.0.0").header("Import-Package", "org.osgi.nowhere").dropInto(plugins, "b.jar");
    await(() -> state("b.jar") == State.FAILED);
    assertTrue(store.stat(new BlobKey("k")).isPresent(), "the old one was never stopped");
    assertTrue(info("b.jar").orElseThrow().reason().contains("org.osgi.nowhere"));
    new SampleJar("3.0.0")
        .header("Bundle-Activator", "no.such.Activator")
        .dropInto(plugins, "c.jar");
    await(() -> state("c.jar") == State.FAILED);
    new SampleJar("4.0.0")
        .file("dev/millrace/engine/plugins/sample/SampleAccount.class", "no class")
        .dropInto(plugins, "d.jar");
    await(() -> state("d.jar") == State.FAILED);
    await(() -> state("a.jar") == State.READY);
    assertEquals("1.0.0", running().getVersion().toString());
    await(() -> host.store("default").isPresent());
    assertTrue(host.store("default").orElseThrow().stat(new BlobKey("k")).isPresent());
  }

  @Test
  void aJarThatIsOverwrittenIsReplaced() throws Exception {
    account("default", "{\"greeting\": \"hello\"}");
    new SampleJar("1.0.0").dropInto(plugins, "a.jar");
    await(() -> host.store("default").isPresent());
    long first = running().getBundleId();
    new SampleJar("1.0.0").file("more", "same version, other bytes").dropInto(plugins, "a.jar");
    await(() -> find().map(Bundle::getBundleId).orElse(first) != first);
    await(() -> state("a.jar") == State.READY);
    Files.writeString(plugins.resolve("a.jar"), "no jar at all");
    await(() -> state("a.jar") == State.REFUSED);
    await(() -> host.store("default").isPresent());
    assertTrue(host.store("default").orElseThrow().stat(new BlobKey("k")).isPresent());
  }

  @Test
  void aJarThatBreaksARuleIsListedWithTheReason() throws Exception {
    Map<String, String> rules =
        Map.of(
            "Export-Package", "sample",
            "Require-Bundle", "sample",
            "Fragment-Host", "sample",
            "DynamicImport-Package", "*",
            "Bundle-SymbolicName", "",
            "Import-Package", "dev.millrace.engine.domain");
    for (Map.Entry<String, String> rule : rules.entrySet()) {
      new SampleJar("1.0.0")
          .header(rule.getKey(), rule.getValue())
          .dropInto(plugins, rule.getKey() + ".jar");
    }
    new SampleJar("1.0.0")
        .header("Import-Package", "dev.millrace.spi.storage;version=\"[1.1,2)\"")
        .dropInto(plugins, "newer.jar");
    new SampleJar("1.0.0")
        .header("Import-Package", "dev.millrace.spi.unheard")
        .dropInto(plugins, "unheard.jar");
    await(() -> host.list().size() == 8);
    for (PluginInfo plugin : host.list()) {
      assertEquals(State.REFUSED, plugin.state(), plugin.toString());
      assertFalse(plugin.reason().isBlank());
    }
    assertTrue(info("newer.jar").orElseThrow().reason().contains("[1.1,2)"));
    assertTrue(find().isEmpty());
  }

  @Test
  void aSecretReachesThePluginAndNothingElse() throws Exception {
    Path file = Files.writeString(home.resolve("token"), "canary-2\n");
    account("one", "{\"greeting\": \"hello\", \".token\": \"canary-1\"}");
    account("two", "{\"greeting\": \"hello\", \".token\": {\"file\": \"" + file + "\"}}");
    new SampleJar("1.0.0").dropInto(plugins, "sample.jar");
    await(() -> host.store("one").isPresent() && host.store("two").isPresent());
    assertEquals("canary-1", token("one"));
    assertEquals("canary-2", token("two"));
    account("one", "{\"greeting\": \"hello\", \".token\": \"canary-3\"}");
    await(() -> host.store("one").isPresent() && token("one").equals("canary-3"));
    for (ServiceReference<?> service :
        framework.getBundleContext().getServiceReferences(ArtifactStore.class, null)) {
      assertNull(service.getProperty(".token"));
    }
    try (Stream<Path> files = Files.walk(home.resolve("cache"))) {
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        String text = new String(Files.readAllBytes(each), StandardCharsets.ISO_8859_1);
        assertFalse(text.contains("canary-"), each.toString());
      }
    }
    assertFalse(host.list().toString().contains("canary-"));
  }

  @Test
  void anAccountThatMakesNoSenseIsQuarantinedUntilItIsMended() throws Exception {
    account("default", "{\"greeting\": \"hello\"}");
    new SampleJar("1.0.0").dropInto(plugins, "sample.jar");
    await(() -> host.store("default").isPresent());
    Map<String, String> wrong =
        Map.of(
            "{\"greeting\": \"x\", \"greting\": 1}", "unknown key \"greting\"",
            "{}", "key \"greeting\" is missing",
            "{\"greeting\": 7}", "must be a text",
            "{\"greeting\": \"x\", \"fail\": \"yes\"}", "true or false",
            "{\"greeting\": \"${nothing}\"}", "names ${nothing}",
            "{\"greeting\": \"x\", \"greeting\": \"y\"}", "not JSON",
            "[]", "one JSON object",
            "{\"greeting\": \"x\", \".token\": {\"file\": \"/no/such\"}}", "cannot be read");
    for (Map.Entry<String, String> each : wrong.entrySet()) {
      account("default", each.getKey());
      await(() -> reason("sample.jar").contains(each.getValue()));
      assertEquals(State.QUARANTINED, state("sample.jar"));
      await(() -> host.store("default").isEmpty());
      assertTrue(
          host.missing(Kind.STORE, "default").getMessage().contains("conf/sample~default.json"));
    }
    account("default", "{\"greeting\": \"x\", \"fail\": true}");
    await(() -> state("sample.jar") == State.FAILED);
    assertTrue(reason("sample.jar").contains("this account cannot be used"));
    account("default", "{\"greeting\": \"again\"}");
    await(() -> host.store("default").isPresent());
    assertEquals("sample://again/", host.store("default").orElseThrow().root().toString());
    Files.delete(home.resolve("conf/sample~default.json"));
    await(() -> host.store("default").isEmpty());
  }

  private void account(String name, String json) throws Exception {
    Files.writeString(home.resolve("conf/sample~" + name + ".json"), json);
  }

  private String token(String name) {
    try (InputStream in = host.store(name).orElseThrow().read(new BlobKey("k"), ByteRange.ALL)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (Exception e) {
      return e.toString();
    }
  }

  private Optional<PluginInfo> info(String file) {
    return host.list().stream().filter(each -> each.file().equals(file)).findFirst();
  }

  private State state(String file) {
    return info(file).map(PluginInfo::state).orElse(State.MISSING);
  }

  private String reason(String file) {
    return info(file).map(PluginInfo::reason).orElse("");
  }

  private Optional<Bundle> find() {
    return Stream.of(framework.getBundleContext().getBundles())
        .filter(each -> "sample.plugin".equals(each.getSymbolicName()))
        .findFirst();
  }

  private Bundle running() {
    return find().orElseThrow();
  }

  private static <T> T service(BundleContext context, Class<T> type) {
    return context.getService(context.getServiceReference(type));
  }

  /** The directory forgets a plugin a moment before its calls are refused. */
  private static boolean isGone(GuardedStore store) {
    try {
      store.stat(new BlobKey("k"));
      return false;
    } catch (PluginMissing e) {
      return true;
    } catch (PluginException e) {
      return false;
    }
  }

  private void await(BooleanSupplier condition) {
    long end = System.nanoTime() + LONGEST.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain; plugins are " + host.list());
      }
      LockSupport.parkNanos(10_000_000);
    }
  }
}
