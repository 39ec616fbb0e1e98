package dev.millrace.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PrivateFilesTest {
  @TempDir Path folder;

  private Path file(String name, String text, String mode) throws Exception {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    return mode(file, mode);
  }

  private static Path mode(Path path, String mode) throws Exception {
    return Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aDataFolderThatWasThereBecomesPrivateWithAllThatIsRightInIt() throws Exception {
    Path data = mode(Files.createDirectories(folder.resolve("data")), "rwxr-xr-x");
    Path log = file("data/logs/1/stdout", "x", "rw-r--r--");
    mode(data.resolve("logs"), "rwxr-xr-x");
    Path key = file("data/installation.key", "x", "rw-r--r--");
    Path outside = file("outside", "x", "rw-r--r--");
    Files.createSymbolicLink(data.resolve("link"), outside);
    DataFolder.open(data).close();
    assertEquals("rwx------", mode(data));
    assertEquals("rwx------", mode(data.resolve("logs")));
    assertEquals("rw-------", mode(key));
    assertEquals("rw-r--r--", mode(log), "nobody comes past its folder");
    assertEquals("rw-r--r--", mode(outside), "a link is not followed");
    DataFolder.open(data).close();
  }

  @Test
  void accountsWithSecretsBecomePrivateAndOthersStayAsTheyAre() throws Exception {
    Path secret = file("conf/a.json", "{\"hosts\": [\"x\"], \".password\": \"p\"}", "rw-r--r--");
    Path plain = file("conf/b.json", "{\"folder\": \"/x\"}", "rw-r--r--");
    PrivateFiles.accounts(folder.resolve("conf"));
    assertEquals("rw-------", mode(secret));
    assertEquals("rw-r--r--", mode(plain));
    PrivateFiles.accounts(folder.resolve("none"));
  }
}
