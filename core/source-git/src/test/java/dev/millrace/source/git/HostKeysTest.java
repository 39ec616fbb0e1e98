package dev.millrace.source.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.source.NewKey;
import dev.millrace.engine.source.SourceException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostKeysTest {
  @TempDir Path folder;

  private static String line() throws Exception {
    String[] words = DeployKeys.make("x").publicKey().split(" ", -1);
    return words[0] + " " + words[1];
  }

  private static PublicKey key(String line) throws Exception {
    return HostKeys.parse(line).get(0);
  }

  @Test
  void aKeyThatWasMadeIsReadBackAndShowsTheSamePublicHalf() throws Exception {
    NewKey made = DeployKeys.make("millrace-test");
    assertTrue(made.publicKey().matches("ssh-ed25519 [A-Za-z0-9+/=]+ millrace-test"));
    assertEquals("***", made.privateKey().toString());
    assertEquals(
        made.publicKey(),
        DeployKeys.publicLine(DeployKeys.read(made.privateKey())) + " millrace-test");
  }

  @Test
  void aServerIsKnownByTheFileAndByTheRepositoryAndByNothingElse() throws Exception {
    String inFile = line();
    String own = line();
    Path file =
        Files.writeString(
            folder.resolve("known_hosts"),
            "# of the operator\n\nother.example.org "
                + line()
                + "\ngit.example.org,[git.example.org]:2222 "
                + inFile
                + "\n");
    HostKeys keys = HostKeys.of("git.example.org", 2222, file, "git.example.org " + own);
    assertTrue(keys.accept(key(inFile)));
    assertTrue(keys.accept(key(own)));
    assertFalse(keys.accept(key(line())));
    assertEquals(List.of("ssh-ed25519"), keys.types());
    HostKeys none = HostKeys.of("third.example.org", 22, file, "");
    assertTrue(none.isEmpty());
    assertFalse(none.accept(key(inFile)));
    assertTrue(HostKeys.of("git.example.org", 22, folder.resolve("none"), "").isEmpty());
  }

  @Test
  void aRevokedKeyIsRefusedEvenIfTheRepositoryNamesIt() throws Exception {
    String bad = line();
    Path file =
        Files.writeString(
            folder.resolve("known_hosts"),
            "@revoked * " + bad + "\n@cert-authority * " + line() + "\n");
    HostKeys keys = HostKeys.of("git.example.org", 22, file, bad);
    assertFalse(keys.accept(key(bad)));
    assertEquals(List.of("ssh-ed25519"), keys.types());
  }

  @Test
  void whatIsNoHostKeyIsRefused() {
    for (String text :
        List.of(
            "x", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-ed25519 AAAA", "@revoked * ssh-rsa AAAA")) {
      SourceException refused =
          assertThrows(SourceException.class, () -> HostKeys.parse(text), text);
      assertEquals(SourceException.Code.REFUSED, refused.code(), text);
    }
  }
}
