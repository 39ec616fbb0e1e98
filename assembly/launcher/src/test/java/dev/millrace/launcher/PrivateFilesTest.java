package dev.millrace.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
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
  void whatOnlyAGroupMayReadAndIsNotOursIsWarnedOf() throws Exception {
    Path data = mode(Files.createDirectories(folder.resolve("data")), "rwxrwx---");
    List<String> warnings = new ArrayList<>();
    PrivateFiles.data(data, path -> false, warnings::add);
    assertEquals(1, warnings.size(), warnings.toString());
    mode(data, "rwxrwx--x");
    assertThrows(Refusal.class, () -> PrivateFiles.data(data, path -> false, warnings::add));
  }

  @Test
  void aFileOfSomebodyElseInAFolderThatIsPrivateIsWarnedOf() throws Exception {
    Path data = mode(Files.createDirectories(folder.resolve("data")), "rwx------");
    Path others = file("data/backup.tar", "x", "rw-r--r--");
    file("data/more.tar", "x", "rw-r--r--");
    List<String> warnings = new ArrayList<>();
    PrivateFiles.data(data, path -> !path.equals(others), warnings::add);
    assertEquals(1, warnings.size(), warnings.toString());
    assertTrue(warnings.get(0).contains("backup.tar in the data folder"), warnings.toString());
  }

  @Test
  void secretsAreFoundInAFileThatIsNotUtf8() throws Exception {
    Path file = folder.resolve("conf/a.json");
    Files.createDirectories(file.getParent());
    Files.write(
        file, "{\"name\": \"\u00e4\", \".password\": \"p\"}".getBytes(StandardCharsets.ISO_8859_1));
    mode(file, "rw-r--r--");
    PrivateFiles.accounts(folder.resolve("conf"));
    assertEquals("rw-------", mode(file));
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
