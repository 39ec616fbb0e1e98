package dev.millrace.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ContainerTest {
  @TempDir Path folder;

  private void bundle(String name, Map<String, String> headers) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Bundle-ManifestVersion", "2");
    main.putValue("Bundle-SymbolicName", name);
    main.putValue("Bundle-Version", "1.0.0");
    headers.forEach(main::putValue);
    Path level = Files.createDirectories(folder.resolve("bundles/04"));
    try (OutputStream out = Files.newOutputStream(level.resolve(name + ".jar"))) {
      new JarOutputStream(out, manifest).close();
    }
  }

  private Container start() throws Exception {
    return Container.start(
        BundleSet.scan(folder.resolve("bundles")), folder.resolve("cache"), Map.of());
  }

  @Test
  void whatIsMissingIsToldAsATreeDownToTheCause() throws Exception {
    bundle("door", Map.of("Import-Package", "engine.service"));
    bundle(
        "engine",
        Map.of("Export-Package", "engine.service", "Import-Package", "gone;version=\"[2,3)\""));
    bundle("old", Map.of("Export-Package", "gone;version=\"1.5\""));
    Container container = start();
    try {
      String tree = Missing.print(container.missing());
      assertEquals(1, tree.split("bundle door 1.0.0 does not resolve", -1).length - 1, tree);
      assertTrue(tree.contains("    needs osgi.wiring.package"), tree);
      assertTrue(tree.contains("      bundle engine 1.0.0 does not resolve"), tree);
      assertTrue(tree.contains("no bundle offers it (old 1.0.0 offers version 1.5.0)"), tree);
      assertTrue(tree.contains("component runtime"), tree);
      assertTrue(Missing.roots(container.missing()).toString().contains("gone"), tree);
      assertEquals(2, Missing.roots(container.missing()).size());
    } finally {
      assertTrue(container.stop(Duration.ofSeconds(10)));
    }
  }

  @Test
  void theCacheIsKeptOnlyWhileTheJarsAreTheSame() throws Exception {
    bundle("one", Map.of());
    Container first = start();
    assertEquals(2, first.bundles());
    assertTrue(first.stop(Duration.ofSeconds(10)));
    Path mark = folder.resolve("cache/millrace.bundles");
    String before = Files.readString(mark);
    Path kept = Files.writeString(folder.resolve("cache/kept"), "");
    assertTrue(start().stop(Duration.ofSeconds(10)));
    assertTrue(Files.exists(kept));

    bundle("two", Map.of());
    Container second = start();
    assertEquals(3, second.bundles());
    assertTrue(second.stop(Duration.ofSeconds(10)));
    assertNotEquals(before, Files.readString(mark));
    assertFalse(Files.exists(kept));
  }

  @Test
  void waitingEndsAtTheLimitWithWhatIsStillMissing() throws Exception {
    List<Missing> missing =
        Container.await(() -> List.of(Missing.of("a store")), Duration.ofMillis(1));
    assertEquals("  a store", Missing.print(missing));
    assertTrue(Container.await(List::of, Duration.ofDays(1)).isEmpty());
  }
}
