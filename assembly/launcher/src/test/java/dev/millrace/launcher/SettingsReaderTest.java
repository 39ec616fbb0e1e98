package dev.millrace.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SettingsReaderTest {
  @TempDir Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("millrace.properties"), text);
  }

  @Test
  void theEnvironmentBeatsTheFile() throws Exception {
    Path file = file("millrace.http.port=8001\nmillrace.http.host=127.0.0.2\n");
    Map<String, String> settings =
        SettingsReader.read(file, Map.of("MILLRACE_HTTP_PORT", "8002", "HOME", "/root"));
    assertEquals(Map.of("millrace.http.port", "8002", "millrace.http.host", "127.0.0.2"), settings);
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearestKnownOne() throws Exception {
    Path file = file("millrace.htp.port=8001\n");
    Refusal inFile = assertThrows(Refusal.class, () -> SettingsReader.read(file, Map.of()));
    assertTrue(inFile.getMessage().contains("Did you mean millrace.http.port?"));
    Refusal inEnvironment =
        assertThrows(
            Refusal.class,
            () -> SettingsReader.read(folder.resolve("none"), Map.of("MILLRACE_DATA_DIR", "/d")));
    assertTrue(inEnvironment.getMessage().contains("Did you mean MILLRACE_DATA?"));
  }

  @Test
  void aValueOfTheWrongFormIsRefusedByName() {
    Map<String, String> wrong =
        Map.of(
            "MILLRACE_HTTP_PORT", "70000",
            "MILLRACE_WORKER_BEAT_SECONDS", "soon",
            "MILLRACE_WORKER_URL", "master.example");
    wrong.forEach(
        (name, value) -> {
          Refusal refusal =
              assertThrows(
                  Refusal.class,
                  () -> SettingsReader.read(folder.resolve("none"), Map.of(name, value)));
          assertTrue(refusal.getMessage().contains(name), refusal.getMessage());
          assertTrue(refusal.getMessage().contains(value), refusal.getMessage());
        });
  }

  @Test
  void anEmptyVariableMeansTheDefault() throws Exception {
    Path file = file("millrace.http.port=8001\n");
    assertEquals(Map.of(), SettingsReader.read(file, Map.of("MILLRACE_HTTP_PORT", "")));
  }

  @Test
  void everySettingIsInTheShippedFile() throws Exception {
    String shipped = Files.readString(Path.of("../src/dist/conf/millrace.properties"));
    for (Setting setting : Setting.values()) {
      assertTrue(shipped.contains("#" + setting.key() + "="), setting.key());
      assertEquals(setting, Setting.ofVariable(setting.variable()).orElseThrow());
    }
  }
}
