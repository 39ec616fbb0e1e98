package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The shipped store's plugin and a sample plugin are installed, updated and removed again and again
 * while others work: no request fails, and no class stays behind.
 */
@Tag("cycles")
class PluginCyclesIT {
  private static final boolean LONG = "full".equals(System.getProperty("check.mode"));
  private static final int CYCLES = LONG ? 500 : 20;

  /** From here on nothing new is loaded that is not a plugin's. */
  private static final int WARM = LONG ? 50 : 5;

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final Duration OLD = Duration.ofMinutes(1);
  private static final String STORE = "dev.millrace.storage-filesystem";
  private static final String SAMPLE = "org.example.orders";
  private static final String NEXT = "9.9.9";

  /** What the master holds after a full collection; the collector clears soft references. */
  private record Held(long classes, long metaspaceBytes) {}

  private Distribution millrace;
  private Path aside;

  @Test
  void cyclesUnderLoadFailNoRequestAndLeaveNoClassBehind() throws Exception {
    try (Distribution started =
        Distribution.start(Map.of("MILLRACE_JVM_OPTIONS", "-XX:SoftRefLRUPolicyMSPerMB=0"))) {
      millrace = started;
      aside = Files.createDirectory(millrace.folder().resolve("aside"));
      Path store = setAside(shippedStore(), STORE);
      Path sample = setAside(sample(), SAMPLE);
      Path orders = millrace.folder().resolve("orders");
      Files.write(
          millrace.home().resolve("conf/" + SAMPLE + "~lab.json"),
          Api.JSON.writeValueAsBytes(Map.of("folder", orders.toString())));
      Project project = Project.of(millrace.user("ada"), "cycles");
      assertEquals("", run(project));
      Held warm = null;
      try (Load load = Load.start(millrace.address(), project)) {
        for (int cycle = 1; cycle <= CYCLES; cycle++) {
          cycle(store, sample);
          if (cycle == WARM) {
            warm = held();
          }
        }
        load.expectNoFailure(CYCLES);
      }
      Held last = held();
      System.out.printf(
          "cycles=%d classes %d -> %d, metaspace KiB %d -> %d%n",
          CYCLES,
          warm.classes(),
          last.classes(),
          warm.metaspaceBytes() >> 10,
          last.metaspaceBytes() >> 10);
      assertEquals("", run(project), "the store is in use again");
      assertTrue(last.classes() <= warm.classes() * 1.01, warm + " became " + last);
      assertTrue(last.metaspaceBytes() <= warm.metaspaceBytes() * 1.05, warm + " became " + last);
    }
  }

  /** Both are taken out, put back, and replaced by a higher version that is taken away again. */
  private void cycle(Path store, Path sample) throws IOException {
    Files.delete(plugin(STORE));
    Files.deleteIfExists(plugin(SAMPLE));
    await(STORE, "");
    await(SAMPLE, "");
    drop(store, STORE);
    drop(sample, SAMPLE);
    await(STORE, "0.1.0");
    await(SAMPLE, "0.1.0");
    drop(next(store), STORE + "-next");
    drop(next(sample), SAMPLE + "-next");
    await(STORE, NEXT);
    await(SAMPLE, NEXT);
    Files.delete(plugin(STORE + "-next"));
    Files.delete(plugin(SAMPLE + "-next"));
    await(STORE, "0.1.0");
    await(SAMPLE, "0.1.0");
  }

  /** The version that works; empty for none. */
  private void await(String name, String version) {
    Api admin = millrace.admin();
    Machine.await(
        name + " in version \"" + version + "\"",
        LIMIT,
        () -> {
          JsonNode all = admin.get("/api/v0/server/plugins/").expectSuccess().get("results");
          for (JsonNode plugin : all) {
            if (plugin.get("name").asText().equals(name)
                && plugin.get("state").asText().equals("READY")
                && plugin.get("services").size() > 0) {
              return Optional.of(true)
                  .filter(yes -> plugin.get("version").asText().equals(version));
            }
          }
          return Optional.of(true).filter(yes -> version.isEmpty());
        });
  }

  private Path plugin(String name) {
    return millrace.home().resolve("plugins/" + name + ".jar");
  }

  private void drop(Path jar, String name) throws IOException {
    Path part = Files.copy(jar, aside.resolve("part"), StandardCopyOption.REPLACE_EXISTING);
    // A file that has been still for a while is read at once.
    Files.setLastModifiedTime(part, FileTime.from(Instant.now().minus(OLD)));
    Files.move(part, plugin(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private static String run(Project project) {
    String execution = project.run(Code.script("echo kept > $VH_OUTPUTS_DIR/a.txt"));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    return detail.get("status").asText().equals("complete") ? "" : detail.toPrettyString();
  }

  /** Copies a jar aside, with one of the same content and a higher version beside it. */
  private Path setAside(Path jar, String name) throws IOException {
    Path copy = Files.copy(jar, aside.resolve(name + ".jar"));
    try (JarFile from = new JarFile(jar.toFile())) {
      Manifest manifest = from.getManifest();
      manifest.getMainAttributes().put(new Attributes.Name("Bundle-Version"), NEXT);
      try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(next(copy)), manifest)) {
        for (JarEntry entry : from.stream().toList()) {
          if (!entry.getName().equals(JarFile.MANIFEST_NAME)) {
            to.putNextEntry(new JarEntry(entry.getName()));
            from.getInputStream(entry).transferTo(to);
            to.closeEntry();
          }
        }
      }
    }
    return copy;
  }

  private static Path next(Path jar) {
    return jar.resolveSibling(jar.getFileName() + ".next");
  }

  /** The store's jar under a name without its version. */
  private Path shippedStore() throws IOException {
    try (Stream<Path> jars = Files.list(millrace.home().resolve("plugins"))) {
      Path shipped =
          jars.filter(jar -> jar.getFileName().toString().startsWith(STORE))
              .findFirst()
              .orElseThrow();
      return Files.move(shipped, plugin(STORE), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static Path sample() {
    return Machine.repository()
        .resolve(
            "examples/plugin/target/orders-"
                + System.getProperty("millrace.version", "0.1.0")
                + ".jar");
  }

  private Held held() {
    // Once for what is unreachable, once for what the first one's finalisation let go.
    jcmd("GC.run");
    jcmd("GC.run");
    String said = jcmd("VM.metaspace");
    Matcher classes = Pattern.compile("Total Usage - \\d+ loaders, (\\d+) classes").matcher(said);
    Matcher used =
        Pattern.compile(" Both: .* committed, +([\\d.]+) (KB|MB) \\([^)]*\\) used").matcher(said);
    assertTrue(classes.find() && used.find(), said);
    double unit = used.group(2).equals("KB") ? 1 << 10 : 1 << 20;
    return new Held(
        Long.parseLong(classes.group(1)), (long) (Double.parseDouble(used.group(1)) * unit));
  }

  private String jcmd(String command) {
    String java = System.getProperty("java.home");
    return Machine.run(
            Machine.repository(),
            List.of(java + "/bin/jcmd", Long.toString(millrace.pid()), command))
        .expectSuccess();
  }
}
