package dev.millrace.it;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.cleanCaches;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.frameworkStartLevel;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;
import static org.ops4j.pax.exam.CoreOptions.systemPackage;
import static org.ops4j.pax.exam.CoreOptions.systemProperty;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import javax.inject.Inject;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.options.UrlProvisionOption;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** Boots exactly the bundles that the distribution ships, inside the test's own JVM. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class ShippedBundlesIT {
  private static final String PORT = "millrace.it.port";

  @Inject
  @SuppressWarnings("NullAway.Init")
  BundleContext context;

  @Configuration
  public Option[] shipped() throws IOException {
    Path home =
        Path.of(System.getProperty("millrace.repository"))
            .resolve("assembly/target/millrace-" + System.getProperty("millrace.version"))
            .toRealPath();
    List<Option> options = new ArrayList<>();
    try (Stream<Path> files = Files.walk(home.resolve("bundles"))) {
      for (Path jar : files.filter(f -> f.toString().endsWith(".jar")).sorted().toList()) {
        int level = Integer.parseInt(jar.getParent().getFileName().toString());
        UrlProvisionOption one = bundle(jar.toUri().toString()).startLevel(level);
        try (JarFile file = new JarFile(jar.toFile())) {
          boolean fragment =
              file.getManifest().getMainAttributes().getValue(Constants.FRAGMENT_HOST) != null;
          options.add(fragment ? one.noStart() : one);
        }
      }
    }
    int port = freePort();
    Path data = Files.createTempDirectory("it-bundles");
    options.add(systemProperty(PORT).value(Integer.toString(port)));
    options.add(
        systemProperty("logback.configurationFile")
            .value(home.resolve("conf/logback.xml").toString()));
    options.add(frameworkProperty("millrace.home").value(home.toString()));
    options.add(frameworkProperty("millrace.data").value(data.toString()));
    options.add(frameworkProperty("millrace.http.host").value("127.0.0.1"));
    options.add(frameworkProperty("millrace.http.port").value(Integer.toString(port)));
    options.add(frameworkProperty("org.osgi.service.http.host").value("127.0.0.1"));
    options.add(frameworkProperty("org.osgi.service.http.port").value(Integer.toString(port)));
    // As the launcher does it: it asks the component runtime from outside.
    for (String seen :
        List.of(
            "org.osgi.service.component;version=1.5.1",
            "org.osgi.service.component.propertytypes;version=1.5",
            "org.osgi.service.component.runtime;version=1.5",
            "org.osgi.service.component.runtime.dto;version=1.5",
            "org.osgi.util.promise;version=1.3",
            "org.osgi.util.function;version=1.2")) {
      options.add(systemPackage(seen));
    }
    options.add(frameworkStartLevel(100));
    options.add(cleanCaches());
    options.add(junitBundles());
    return options.toArray(Option[]::new);
  }

  @Test
  public void everyShippedBundleIsActive() {
    List<String> idle =
        Arrays.stream(context.getBundles())
            .filter(b -> b.getHeaders().get(Constants.FRAGMENT_HOST) == null)
            .filter(b -> b.getState() != Bundle.ACTIVE && b.getState() != Bundle.STARTING)
            .map(b -> b.getSymbolicName() + " " + b.getVersion())
            .toList();
    assertEquals(List.of(), idle);
  }

  @Test
  public void noPackageComesFromTwoOfOurBundles() {
    List<String> exports =
        Arrays.stream(context.getBundles())
            .filter(b -> b.getSymbolicName().startsWith("dev.millrace."))
            .map(b -> b.getHeaders().get(Constants.EXPORT_PACKAGE))
            .filter(java.util.Objects::nonNull)
            .flatMap(h -> Arrays.stream(h.replaceAll("\"[^\"]*\"", "").split(",")))
            .map(p -> p.split(";")[0])
            .toList();
    assertTrue(exports.contains("dev.millrace.spi.compute"));
    assertEquals(exports.stream().distinct().toList(), exports);
  }

  @Test
  public void theDoorAnswers() throws Exception {
    int status = 0;
    long end = System.nanoTime() + 120_000_000_000L;
    while (status != 200 && System.nanoTime() < end) {
      try {
        URI live = URI.create("http://127.0.0.1:" + System.getProperty(PORT) + "/live");
        status = ((HttpURLConnection) live.toURL().openConnection()).getResponseCode();
      } catch (IOException notYet) {
        status = 0;
      }
      if (status != 200) {
        Thread.sleep(200);
      }
    }
    assertEquals(200, status);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
