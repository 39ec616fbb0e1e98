package dev.millrace.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * The jar and the account of one rogue plugin; {@code imports} is its manifest's Import-Package.
 */
record RogueJar(String mode, String implementation, String role, String imports) {
  static final String PREFIX = "org.example.rogue.";
  private static final Path CLASSES = Machine.repository().resolve("it/rogue/target/classes");
  private static final String SPI = "dev.millrace.spi.common;dev.millrace.spi.%s;version=\"%s\"";

  private static RogueJar of(String mode, String implementation, String room, String role) {
    return new RogueJar(
        mode,
        "dev.millrace.it.rogue." + implementation,
        "dev.millrace.spi." + room + "." + role,
        SPI.formatted(room, "[1.0,2)"));
  }

  static RogueJar compute(String mode) {
    return of(mode, "RogueCompute", "compute", "ComputeProvider");
  }

  /** No rogue: a store that is late, under the account of the store that the first start makes. */
  static RogueJar slowStore() {
    return of("default", "SlowStore", "storage", "ArtifactStore");
  }

  static RogueJar threads() {
    return of("threads", "RogueThreads", "compute", "ComputeProvider");
  }

  static RogueJar registry(String mode) {
    return of(mode, "RogueRegistry", "registry", "ImageRegistry");
  }

  static RogueJar store(String mode) {
    return of(mode, "RogueStore", "storage", "ArtifactStore");
  }

  /** The same plugin, which wants an SPI that does not exist yet. */
  RogueJar newer() {
    return new RogueJar(mode, implementation, role, imports.replace("[1.0,2)", "[9.1,10)"));
  }

  String name() {
    return PREFIX + mode;
  }

  /** Puts account and jar where the master finds them. */
  void dropInto(Distribution millrace, Path folder) throws IOException {
    Files.write(
        millrace.home().resolve("conf/" + name() + "~" + mode + ".json"),
        Api.JSON.writeValueAsBytes(Map.of("mode", mode, "folder", folder.toString())));
    Path part = Files.createTempFile(millrace.folder(), "rogue", ".jar");
    write(part);
    Files.move(part, file(millrace), StandardCopyOption.ATOMIC_MOVE);
  }

  Path file(Distribution millrace) {
    return millrace.home().resolve("plugins/" + name() + ".jar");
  }

  private void write(Path jar) throws IOException {
    Manifest manifest = new Manifest();
    Map<String, String> headers =
        Map.of(
            "Bundle-ManifestVersion", "2",
            "Bundle-SymbolicName", name(),
            "Bundle-Version", "1.0.0",
            "Service-Component", "OSGI-INF/rogue.xml",
            "Import-Package", imports);
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    headers.forEach(
        (key, value) -> manifest.getMainAttributes().put(new Attributes.Name(key), value));
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      add(out, "OSGI-INF/rogue.xml", component().getBytes(StandardCharsets.UTF_8));
      add(out, "OSGI-INF/metatype/rogue.xml", metatype().getBytes(StandardCharsets.UTF_8));
      for (String type : classes()) {
        String path = type.replace('.', '/') + ".class";
        add(out, path, Files.readAllBytes(CLASSES.resolve(path)));
      }
    }
  }

  private Set<String> classes() {
    Set<String> all = new TreeSet<>(Set.of(implementation, "dev.millrace.it.rogue.RogueAccount"));
    if (implementation.endsWith("RogueThreads")) {
      all.add("dev.millrace.it.rogue.RogueCompute");
    }
    if (implementation.endsWith("SlowStore")) {
      all.add(implementation + "$Part");
    }
    return all;
  }

  private static void add(JarOutputStream out, String name, byte[] bytes) throws IOException {
    out.putNextEntry(new JarEntry(name));
    out.write(bytes);
    out.closeEntry();
  }

  private String component() {
    return """
        <?xml version="1.0" encoding="UTF-8"?>
        <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.4.0" name="%1$s"
            configuration-policy="require" immediate="true" configuration-pid="%1$s" init="1">
          <service><provide interface="%2$s"/></service>
          <implementation class="%3$s"/>
        </scr:component>
        """
        .formatted(name(), role, implementation);
  }

  private String metatype() {
    return """
        <?xml version="1.0" encoding="UTF-8"?>
        <metatype:MetaData xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.2.0">
          <OCD id="%1$s" name="Rogue"><AD id="mode" type="String"/><AD id="folder" type="String"/></OCD>
          <Designate factoryPid="%1$s"><Object ocdref="%1$s"/></Designate>
        </metatype:MetaData>
        """
        .formatted(name());
  }
}
