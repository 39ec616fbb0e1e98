package dev.millrace.worker.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.wire.Assignment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker unpacks, whatever the master let through. */
class CodeArchiveTest {
  private static final Assignment.ArchiveLimits STANDARD = Assignment.ArchiveLimits.STANDARD;

  @TempDir Path folder;
  private final ByteArrayOutputStream tar = new ByteArrayOutputStream();
  private Path root = Path.of("/");
  private Path secret = Path.of("/");

  @BeforeEach
  void makeFolder() throws IOException {
    root = Files.createDirectories(folder.resolve("run/repository"));
    secret = Files.writeString(folder.resolve("secret"), "kept");
  }

  @Test
  void filesFoldersAndLinksAreUnpackedWithPlainModes() throws Exception {
    add("src", '5', "", "", "0002755");
    add("src/run.sh", '0', "", "echo", "0006755");
    add("link", '2', "src/run.sh", "", "0000777");
    add("hard", '1', "src/run.sh", "", "0000644");
    unpack(STANDARD);
    assertEquals("echo", Files.readString(root.resolve("link")));
    assertEquals("echo", Files.readString(root.resolve("hard")));
    assertEquals(
        "rwxr-xr-x",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("src/run.sh"))));
    assertEquals(0, (Integer) Files.getAttribute(root.resolve("src/run.sh"), "unix:mode") & 07000);
  }

  @Test
  void nothingLandsOutsideAndDevicesAreRefused() throws Exception {
    List<Object[]> bad =
        List.of(
            new Object[] {"../secret", '0', ""},
            new Object[] {"a/../../../secret", '0', ""},
            new Object[] {secret.toString(), '0', ""},
            new Object[] {"link", '2', "../../secret"},
            new Object[] {"a/link", '2', "../../secret"},
            new Object[] {"link", '2', "/etc/passwd"},
            new Object[] {"hard", '1', "../../secret"},
            new Object[] {"null", '3', ""},
            new Object[] {"disk", '4', ""},
            new Object[] {"pipe", '6', ""});
    for (Object[] one : bad) {
      tar.reset();
      add((String) one[0], (char) one[1], (String) one[2], "", "0000644");
      TransferException refused =
          assertThrows(TransferException.class, () -> unpack(STANDARD), Arrays.toString(one));
      assertTrue(refused.getMessage().contains("refused"), refused.getMessage());
    }
    assertEquals("kept", Files.readString(secret));
  }

  @Test
  void nothingIsWrittenThroughALink() throws Exception {
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.createSymbolicLink(root.resolve("way"), outside);
    add("way/x", '0', "", "x", "0000644");
    assertThrows(TransferException.class, () -> unpack(STANDARD));
    assertFalse(Files.exists(outside.resolve("x")));
  }

  @Test
  void moreMembersOrBytesThanAllowedAreRefused() throws Exception {
    for (int i = 0; i < 11; i++) {
      add("f" + i, '0', "", "", "0000644");
    }
    assertTrue(
        assertThrows(
                TransferException.class,
                () -> unpack(new Assignment.ArchiveLimits(10, 1 << 20, 1 << 20, 200)))
            .getMessage()
            .contains("more than 10 files"));
    tar.reset();
    add("zeros", '0', "", "\0".repeat(3 << 20), "0000644");
    for (Assignment.ArchiveLimits limits :
        List.of(
            new Assignment.ArchiveLimits(10, 2 << 20, 2 << 20, 9_999),
            new Assignment.ArchiveLimits(10, 1 << 30, 1 << 20, 200))) {
      assertTrue(
          assertThrows(TransferException.class, () -> unpack(limits))
              .getMessage()
              .contains("unpacked it is larger"));
    }
    unpack(STANDARD);
  }

  @Test
  void whatFollowsTheEndOfTheArchiveCountsToo() throws Exception {
    add("a", '0', "", "x", "0000644");
    tar.writeBytes(new byte[3 << 20]);
    assertThrows(
        TransferException.class,
        () -> unpack(new Assignment.ArchiveLimits(10, 2 << 20, 1 << 20, 9_999)));
  }

  @Test
  void aMasterThatSaysNoLimitsMeansTheUsualOnes() throws Exception {
    Assignment.Code code =
        new ObjectMapper()
            .readValue("{\"sha256\":\"0\",\"format\":\"tar\",\"size\":1}", Assignment.Code.class);
    assertEquals(STANDARD, code.limits());
    assertEquals(4L << 30, STANDARD.most(2_000L << 20));
    assertEquals(64L << 20, STANDARD.most(1));
    assertEquals(200L << 20, STANDARD.most(1L << 20));
  }

  @Test
  void lfsPointersAndEmptySubmodulesAreTold() throws Exception {
    add(
        "weights.bin",
        '0',
        "",
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "0000644");
    add(
        ".gitmodules",
        '0',
        "",
        "[submodule \"lib\"]\n\tpath = lib\n\turl = x\n[submodule \"out\"]\n\tpath = ../../secret\n"
            + "[submodule \"there\"]\n\tpath = there\n",
        "0000644");
    add("there/x", '0', "", "x", "0000644");
    CodeArchive archive = unpack(STANDARD);
    List<String> notices = archive.notices(root);
    assertEquals(2, notices.size(), notices.toString());
    assertTrue(notices.get(0).contains("1 file(s)") && notices.get(0).contains("weights.bin"));
    assertTrue(notices.get(1).contains("empty: lib."), notices.get(1));
  }

  private CodeArchive unpack(Assignment.ArchiveLimits limits) throws IOException {
    Path file = folder.resolve("code.archive");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      tar.writeTo(out);
      out.write(new byte[1024]);
    }
    CodeArchive archive = new CodeArchive(file, limits);
    archive.unpackInto(root);
    return archive;
  }

  private void add(String name, char type, String link, String body, String mode) {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    byte[] header = new byte[512];
    put(header, 0, name, 100);
    put(header, 100, mode, 8);
    put(header, 124, "%011o".formatted(content.length), 12);
    put(header, 136, "00000000000", 12);
    header[156] = (byte) type;
    put(header, 157, link, 100);
    put(header, 257, "ustar", 6);
    put(header, 263, "00", 2);
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, "%06o\0 ".formatted(sum), 8);
    tar.writeBytes(header);
    tar.writeBytes(content);
    tar.writeBytes(new byte[(512 - content.length % 512) % 512]);
  }

  private static void put(byte[] header, int at, String text, int most) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, header, at, Math.min(bytes.length, most));
  }
}
