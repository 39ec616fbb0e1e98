package dev.millrace.engine.artifacts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.ArchiveLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodePackageTest {
  private String mode = "0000644";
  @TempDir Path folder;

  private final ByteArrayOutputStream tar = new ByteArrayOutputStream();

  @Test
  void theConfigurationIsReadFromThePathThatWasNamed() throws Exception {
    add("train.sh", '0', "", "echo");
    add("./conf/my.yaml", '0', "", "- step: {}\n");
    assertEquals(Optional.of("- step: {}\n"), read("conf/my.yaml"));
  }

  @Test
  void aMissingConfigurationIsEmpty() throws Exception {
    add("train.sh", '0', "", "echo");
    assertEquals(Optional.empty(), read("valohai.yaml"));
  }

  @Test
  void paxAndGnuLongNamesAreRead() throws Exception {
    String pax = "d/".repeat(70) + "valohai.yaml";
    String record = " path=" + pax + "\n";
    int length = record.length() + 3;
    add("pax", 'x', "", length + record);
    add("short", '0', "", "one");
    String gnu = "e/".repeat(70) + "other.yaml";
    add("././@LongLink", 'L', "", gnu + "\0");
    add("short", '0', "", "two");
    assertEquals(Optional.of("one"), read(pax));
    assertEquals(Optional.of("two"), read(gnu));
  }

  @Test
  void aConfigurationBehindALinkInTheTreeIsRead() throws Exception {
    add("conf/real.yaml", '0', "", "text");
    add("valohai.yaml", '2', "conf/real.yaml", "");
    assertEquals(Optional.of("text"), read("valohai.yaml"));
  }

  @Test
  void namesThatLeaveTheTreeAreRefused() throws Exception {
    add("a/../../x", '0', "", "x");
    refused("..");
  }

  @Test
  void absoluteNamesAreRefused() throws Exception {
    add("/etc/passwd", '0', "", "x");
    refused("absolute");
  }

  @Test
  void linksThatLeaveTheTreeAreRefused() throws Exception {
    add("a/link", '2', "../../etc/passwd", "");
    refused("leaves the tree");
  }

  @Test
  void linksToAbsolutePathsAreRefused() throws Exception {
    add("link", '2', "/etc/passwd", "");
    refused("absolute");
  }

  @Test
  void linksThatLeaveTheTreeThroughAnotherLinkAreRefused() throws Exception {
    add("x/y", '2', "..", "");
    add("z", '2', "x/y/..", "");
    refused("leaves the tree");
  }

  @Test
  void linksInCirclesAreRefused() throws Exception {
    add("a", '2', "b", "");
    add("b", '2', "a", "");
    refused("circles");
  }

  @Test
  void filesBelowALinkAreRefused() throws Exception {
    add("a", '2', "b", "");
    add("a/x", '0', "", "x");
    refused("lies below");
  }

  @Test
  void hardLinksToNothingInTheArchiveAreRefused() throws Exception {
    add("a", '1', "etc/passwd", "");
    refused("hard link");
  }

  @Test
  void devicesAndPipesAreRefused() throws Exception {
    add("null", '3', "", "");
    refused("device");
    tar.reset();
    add("pipe", '6', "", "");
    refused("pipe");
  }

  @Test
  void namesWithLineEndsAreRefused() throws Exception {
    add("a\nb", '0', "", "x");
    refused("control characters");
  }

  @Test
  void aNameThatComesTwiceIsRefused() throws Exception {
    add("a", '0', "", "x");
    add("./a", '0', "", "y");
    refused("twice");
  }

  @Test
  void tooManyFilesAreRefused() throws Exception {
    for (int i = 0; i < 11; i++) {
      add("f" + i, '0', "", "");
    }
    CodePackage.Refused refused =
        assertThrows(
            CodePackage.Refused.class,
            () ->
                CodePackage.read(
                    file(), "valohai.yaml", new ArchiveLimits(10, 1 << 20, 1 << 20, 200)));
    assertTrue(refused.getMessage().contains("more than 10 files"), refused.getMessage());
  }

  @Test
  void anArchiveThatGrowsTooMuchIsRefused() throws Exception {
    add("zeros", '0', "", "\0".repeat(4 << 20));
    CodePackage.Refused refused =
        assertThrows(
            CodePackage.Refused.class,
            () ->
                CodePackage.read(
                    file(), "valohai.yaml", new ArchiveLimits(10, 1 << 30, 1 << 20, 200)));
    assertTrue(refused.getMessage().contains("unpacked"), refused.getMessage());
  }

  @Test
  void otherBytesAreRefused() throws Exception {
    Path file = folder.resolve("no.tgz");
    Files.writeString(file, "this is no archive");
    assertThrows(
        CodePackage.Refused.class,
        () -> CodePackage.read(file, "valohai.yaml", ArchiveLimits.DEFAULT));
  }

  @Test
  void aCutArchiveIsRefused() throws Exception {
    add("valohai.yaml", '0', "", "x".repeat(100_000));
    byte[] whole = Files.readAllBytes(file());
    Path cut = folder.resolve("cut.tgz");
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    assertThrows(
        CodePackage.Refused.class,
        () -> CodePackage.read(cut, "valohai.yaml", ArchiveLimits.DEFAULT));
  }

  @Test
  void namesThatDifferOnlyInCaseAreRefusedInUploadsAndKeptInCommits() throws Exception {
    add("src/a.py", '0', "", "x");
    add("SRC/A.py", '0', "", "x");
    refused("upper and lower case");
    CodePackage.check(file(), ArchiveLimits.DEFAULT);
  }

  @Test
  void filesWithSpecialBitsAreRefusedAndFoldersMayHaveThem() throws Exception {
    mode = "0002755";
    add("src", '5', "", "");
    mode = "0000755";
    add("src/a.py", '0', "", "x");
    assertEquals(Optional.of("x"), read("src/a.py"));
    mode = "0004755";
    add("src/root", '0', "", "x");
    refused("set-user-id");
  }

  @Test
  void namesAreBounded() throws Exception {
    add("x".repeat(90) + "/" + "y".repeat(9), '0', "", "x");
    CodePackage.check(file(), ArchiveLimits.DEFAULT);
    tar.reset();
    add("././@LongLink", 'L', "", "x".repeat(4_001) + "\0");
    add("short", '0', "", "x");
    refused("longer than 4000");
    tar.reset();
    add("././@LongLink", 'L', "", "a/".repeat(201) + "b\0");
    add("short", '0', "", "x");
    refused("too many folders");
    tar.reset();
    add("././@LongLink", 'L', "", "x".repeat(256) + "\0");
    add("short", '0', "", "x");
    refused("too long a part");
  }

  @Test
  void linksThatLeadAroundForEverAreGivenUp() throws Exception {
    // Each link leads through a long path to the one before it: following all takes very long.
    String detour = "d/../".repeat(40);
    add("l0", '2', "target", "");
    for (int i = 1; i < 40; i++) {
      add("././@LongLink", 'K', "", detour + "l" + (i - 1) + "\0");
      add("l" + i, '2', "short", "");
    }
    for (int i = 0; i < 50_000; i++) {
      add("m" + i, '2', "l38", "");
    }
    refused("tangled");
  }

  @Test
  void whatFollowsTheEndOfTheArchiveCountsToo() throws Exception {
    add("valohai.yaml", '0', "", "x");
    tar.writeBytes(new byte[3 << 20]);
    CodePackage.Refused refused =
        assertThrows(
            CodePackage.Refused.class,
            () ->
                CodePackage.read(
                    file(), "valohai.yaml", new ArchiveLimits(10, 2 << 20, 1 << 20, 9_999)));
    assertTrue(refused.getMessage().contains("unpacked"), refused.getMessage());
  }

  @Test
  void aPlainTarOfACommitIsCheckedLikeAnUpload() throws Exception {
    add("a/../../x", '0', "", "x");
    Path plain = Files.write(folder.resolve("commit.tar"), tar.toByteArray());
    CodePackage.Refused refused =
        assertThrows(
            CodePackage.Refused.class, () -> CodePackage.check(plain, ArchiveLimits.DEFAULT));
    assertTrue(refused.getMessage().contains(".."), refused.getMessage());
    assertThrows(
        CodePackage.Refused.class,
        () -> CodePackage.read(plain, "valohai.yaml", ArchiveLimits.DEFAULT));
  }

  @Test
  void theLimitsAreFourGibibytesAndTwoHundredTimesThePackedSizePastTheFirst64Mebibytes() {
    ArchiveLimits limits = ArchiveLimits.DEFAULT;
    assertEquals(64L << 20, limits.most(1));
    assertEquals(64L << 20, limits.most((64L << 20) / 200));
    assertEquals(200L << 20, limits.most(1L << 20));
    assertEquals(4L << 30, limits.most(2_000L << 20));
    assertEquals(4L << 30, limits.most(Long.MAX_VALUE));
    assertEquals(100_000, limits.entries());
  }

  @Test
  void manyLargeFilesAreCheckedInLittleMemory() throws Exception {
    // 256 MiB in 16 files, written without being held.
    Path large = folder.resolve("large.tgz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(large))) {
      byte[] chunk = new byte[1 << 20];
      for (int i = 0; i < 16; i++) {
        out.write(header("part-" + i, '0', "", 16L << 20));
        for (int part = 0; part < 16; part++) {
          out.write(chunk);
        }
      }
      out.write(new byte[1024]);
    }
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    CodePackage.check(large, new ArchiveLimits(100, 1L << 30, 1L << 30, 200));
    long used = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertTrue(used < 8 << 20, used + " bytes were allocated for 256 MiB");
  }

  @Test
  void whatTheClientMaySendAtMostPasses() throws Exception {
    for (int i = 0; i < 10_000; i++) {
      add("data/file-" + i, '0', "", "x");
    }
    add("valohai.yaml", '0', "", "- step: {}\n");
    assertEquals(Optional.of("- step: {}\n"), read("valohai.yaml"));
  }

  private Optional<String> read(String wanted) throws Exception {
    return CodePackage.read(file(), wanted, ArchiveLimits.DEFAULT);
  }

  private void refused(String why) throws IOException {
    Path file = file();
    CodePackage.Refused refused =
        assertThrows(
            CodePackage.Refused.class,
            () -> CodePackage.read(file, "valohai.yaml", ArchiveLimits.DEFAULT));
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  private Path file() throws IOException {
    Path file = folder.resolve("data.tgz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      tar.writeTo(out);
      out.write(new byte[1024]);
    }
    return file;
  }

  private void add(String name, char type, String link, String body) {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    tar.writeBytes(header(name, type, link, content.length));
    tar.writeBytes(content);
    tar.writeBytes(new byte[(512 - content.length % 512) % 512]);
  }

  private byte[] header(String name, char type, String link, long size) {
    byte[] header = new byte[512];
    put(header, 0, name);
    put(header, 100, mode);
    put(header, 124, "%011o".formatted(size));
    put(header, 136, "00000000000");
    header[156] = (byte) type;
    put(header, 157, link);
    put(header, 257, "ustar");
    put(header, 263, "00");
    Arrays.fill(header, 148, 156, (byte) ' ');
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    put(header, 148, "%06o\0 ".formatted(sum));
    return header;
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, header, at, Math.min(bytes.length, 155));
  }
}
