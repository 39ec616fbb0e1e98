package dev.millrace.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PluginManifestTest {
  private static final Pattern ALLOWED =
      Pattern.compile(
          "dev\\.millrace\\.spi(\\..*)?|org\\.slf4j|org\\.osgi\\..*|javax?\\..*|org\\.w3c\\.dom.*|org\\.xml\\.sax.*");
  private static final Pattern QUOTED = Pattern.compile("\"[^\"]*\"");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "provider-onprem",
        "storage-plugins/filesystem",
        "registry-plugins/docker",
        "examples/plugin"
      })
  void aPluginExportsNothingAndImportsOnlySpiLoggingOsgiAndTheJdk(String room) throws Exception {
    Path target = Rooms.root().resolve(room).resolve("target");
    List<Path> jars = new ArrayList<>();
    if (Files.isDirectory(target)) {
      try (Stream<Path> files = Files.list(target)) {
        files
            .filter(file -> file.getFileName().toString().matches(".*-\\d[^-]*\\.jar"))
            .forEach(jars::add);
      }
    }
    Assumptions.assumeFalse(jars.isEmpty(), "no jar yet: run the package phase");
    for (Path jar : jars) {
      try (JarFile file = new JarFile(jar.toFile())) {
        Attributes main = file.getManifest().getMainAttributes();
        String artifact = jar.getFileName().toString().replaceAll("-\\d.*", "");
        assertTrue(
            main.getValue("Bundle-SymbolicName").endsWith("." + artifact),
            jar + " is named " + main.getValue("Bundle-SymbolicName"));
        assertNull(main.getValue("Export-Package"), jar + " exports");
        assertNull(main.getValue("DynamicImport-Package"), jar + " imports what it likes");
        String imports = main.getValue("Import-Package");
        List<String> foreign =
            Stream.of(QUOTED.matcher(imports == null ? "" : imports).replaceAll("").split(",", -1))
                .map(clause -> clause.split(";", 2)[0].strip())
                .filter(name -> !name.isEmpty() && !ALLOWED.matcher(name).matches())
                .toList();
        assertEquals(List.of(), foreign, jar.getFileName() + " imports");
      }
    }
  }
}
