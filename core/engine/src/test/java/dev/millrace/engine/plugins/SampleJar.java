package dev.millrace.engine.plugins;

import dev.millrace.engine.plugins.sample.SampleAccount;
import dev.millrace.engine.plugins.sample.SampleStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** Builds the jar of the sample plugin, good or not. */
final class SampleJar {
  private static final String COMPONENT =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <scr:component xmlns:scr="http://www.osgi.org/xmlns/scr/v1.4.0" name="sample"
          configuration-policy="require" immediate="true" configuration-pid="sample" init="1">
        <property name="fail" type="Boolean" value="false"/>
        <service><provide interface="dev.millrace.spi.storage.ArtifactStore"/></service>
        <implementation class="dev.millrace.engine.plugins.sample.SampleStore"/>
      </scr:component>
      """;
  private static final String METATYPE =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <metatype:MetaData xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.2.0">
        <OCD id="sample" name="Sample">
          <AD id="greeting" type="String"/>
          <AD id="fail" type="Boolean" required="false"/>
          <AD id=".token" type="Password" required="false"/>
        </OCD>
        <Designate factoryPid="sample"><Object ocdref="sample"/></Designate>
      </metatype:MetaData>
      """;

  private final Map<String, String> headers = new LinkedHashMap<>();
  private final Map<String, byte[]> files = new LinkedHashMap<>();

  SampleJar(String version) {
    headers.put("Manifest-Version", "1.0");
    headers.put("Bundle-ManifestVersion", "2");
    headers.put("Bundle-SymbolicName", "sample.plugin;singleton:=false");
    headers.put("Bundle-Version", version);
    headers.put("Service-Component", "OSGI-INF/sample.xml");
    headers.put(
        "Import-Package",
        "dev.millrace.spi.common;dev.millrace.spi.storage;version=\"[1.0,2)\",org.slf4j,javax.net.ssl");
    files.put("OSGI-INF/sample.xml", COMPONENT.getBytes(StandardCharsets.UTF_8));
    files.put("OSGI-INF/metatype/sample.xml", METATYPE.getBytes(StandardCharsets.UTF_8));
    for (Class<?> type : new Class<?>[] {SampleStore.class, SampleAccount.class}) {
      String path = type.getName().replace('.', '/') + ".class";
      try (InputStream in = SampleJar.class.getClassLoader().getResourceAsStream(path)) {
        files.put(path, in.readAllBytes());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  SampleJar header(String name, String value) {
    headers.put(name, value);
    return this;
  }

  SampleJar file(String name, String text) {
    files.put(name, text.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  byte[] bytes() throws IOException {
    Manifest manifest = new Manifest();
    headers.forEach((k, v) -> manifest.getMainAttributes().put(new Attributes.Name(k), v));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JarOutputStream jar = new JarOutputStream(bytes, manifest)) {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        jar.putNextEntry(new JarEntry(file.getKey()));
        jar.write(file.getValue());
        jar.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  /** Puts the jar where it takes its name at once. */
  void dropInto(Path folder, String name) throws IOException {
    Path part = Files.write(folder.resolve("." + name), bytes());
    Files.move(
        part,
        folder.resolve(name),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
