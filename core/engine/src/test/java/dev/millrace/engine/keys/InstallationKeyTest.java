package dev.millrace.engine.keys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.settings.Settings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InstallationKeyTest {
  @TempDir private Path folder;

  @Test
  void theFirstStartMakesAKeyThatOnlyItsOwnerCanReadAndTheNextOnesKeepIt() throws Exception {
    Sealed sealed = key().seal(Secret.of("s3cret"), "row");
    assertEquals("s3cret", key().unseal(sealed, "row").reveal());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
    assertEquals(List.of("installation.key"), names());
  }

  @Test
  void mastersThatStartTogetherUseOneKey() throws Exception {
    int masters = 8;
    ExecutorService threads = Executors.newFixedThreadPool(masters);
    try {
      CyclicBarrier start = new CyclicBarrier(masters);
      List<Future<String>> signatures = new ArrayList<>();
      for (int i = 0; i < masters; i++) {
        signatures.add(
            threads.submit(
                () -> {
                  start.await(60, TimeUnit.SECONDS);
                  return key().sign("test", "text");
                }));
      }
      for (Future<String> signature : signatures) {
        assertEquals(signatures.get(0).get(), signature.get());
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(List.of("installation.key"), names());
  }

  @Test
  void aStartThatWasKilledBeforeTheKeyHadItsNameLeavesNoKeyBehind() throws Exception {
    Files.writeString(folder.resolve("installation.key.1f.new"), "");
    assertEquals(key().sign("test", "text"), key().sign("test", "text"));
    assertEquals(
        32, Base64.getDecoder().decode(Files.readString(file()).trim()).length, "a whole key");
  }

  @Test
  void anEmptyOrDamagedKeyRefusesTheStartAndSaysWhatToDo() throws Exception {
    for (Map.Entry<String, String> bad :
        Map.of("", "empty", "\n", "empty", "not base64!", "damaged", "c2hvcnQ=", "damaged")
            .entrySet()) {
      Files.writeString(file(), bad.getKey());
      String refusal = assertThrows(IllegalStateException.class, this::key).getMessage();
      assertTrue(refusal.contains(file() + " is " + bad.getValue()), refusal);
      assertTrue(refusal.contains("backup"), refusal);
      assertEquals(bad.getKey(), Files.readString(file()), "nothing may be written over it");
    }
  }

  @Test
  void aNewFirstLineRotatesTheKeyAndWhatTheOldOneSealedStaysReadable() throws Exception {
    Sealed before = key().seal(Secret.of("s3cret"), "row");
    String link = key().sign("link", "text");
    String old = Files.readString(file());
    Files.writeString(file(), Base64.getEncoder().encodeToString(new byte[32]) + "\n" + old);
    Sealed after = key().seal(Secret.of("s3cret"), "row");
    assertEquals("s3cret", key().unseal(before, "row").reveal());
    assertEquals("s3cret", key().unseal(after, "row").reveal());
    assertTrue(key().verify("link", "text", link));
    assertFalse(key().verify("link", "other", link));
    Files.writeString(file(), old);
    assertThrows(IllegalStateException.class, () -> key().unseal(after, "row"));
    Files.writeString(file(), old + "garbage\n");
    assertThrows(IllegalStateException.class, this::key);
  }

  @Test
  void aSecretIsReadOnlyInItsContextUnderItsKeyAndWhole() {
    InstallationKey key = key();
    Sealed sealed = key.seal(Secret.of("s3cret"), "row 1");
    assertFalse(sealed.text().contains("s3cret"));
    assertThrows(IllegalStateException.class, () -> key.unseal(sealed, "row 2"));
    InstallationKey other = new InstallationKey(new byte[32]);
    assertThrows(IllegalStateException.class, () -> other.unseal(sealed, "row 1"));
    byte[] altered = Base64.getDecoder().decode(sealed.text());
    altered[altered.length - 1] ^= 1;
    Sealed forged = new Sealed(Base64.getEncoder().encodeToString(altered));
    assertThrows(IllegalStateException.class, () -> key.unseal(forged, "row 1"));
  }

  private InstallationKey key() {
    return new InstallationKey(
        new Settings(name -> name.equals("millrace.data") ? folder.toString() : null));
  }

  private Path file() {
    return folder.resolve("installation.key");
  }

  private List<String> names() throws Exception {
    try (var files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
