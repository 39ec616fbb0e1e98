package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
                    file(), "valohai.yaml", new CodePackage.Limits(10, 1 << 20, 1 << 20, 200)));
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
                    file(), "valohai.yaml", new CodePackage.Limits(10, 1 << 30, 1 << 20, 200)));
    assertTrue(refused.getMessage().contains("unpacked"), refused.getMessage());
  }

  @Test
  void otherBytesAreRefused() throws Exception {
    Path file = folder.resolve("no.tgz");
    Files.writeString(file, "this is no archive");
    assertThrows(
        CodePackage.Refused.class,
        () -> CodePackage.read(file, "valohai.yaml", CodePackage.Limits.DEFAULT));
  }

  @Test
  void aCutArchiveIsRefused() throws Exception {
    add("valohai.yaml", '0', "", "x".repeat(100_000));
    byte[] whole = Files.readAllBytes(file());
    Path cut = folder.resolve("cut.tgz");
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    assertThrows(
        CodePackage.Refused.class,
        () -> CodePackage.read(cut, "valohai.yaml", CodePackage.Limits.DEFAULT));
  }

  private Optional<String> read(String wanted) throws Exception {
    return CodePackage.read(file(), wanted, CodePackage.Limits.DEFAULT);
  }

  private void refused(String why) throws IOException {
    Path file = file();
    CodePackage.Refused refused =
        assertThrows(
            CodePackage.Refused.class,
            () -> CodePackage.read(file, "valohai.yaml", CodePackage.Limits.DEFAULT));
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
    byte[] header = new byte[512];
    put(header, 0, name);
    put(header, 100, "0000644");
    put(header, 124, "%011o".formatted(content.length));
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
    tar.writeBytes(header);
    tar.writeBytes(content);
    tar.writeBytes(new byte[(512 - content.length % 512) % 512]);
  }

  private static void put(byte[] header, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, header, at, Math.min(bytes.length, 155));
  }
}
