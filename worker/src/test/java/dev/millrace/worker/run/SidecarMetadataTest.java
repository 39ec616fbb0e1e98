package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.util.RawValue;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What user code says of its outputs. */
class SidecarMetadataTest {
  @TempDir Path folder;

  private final List<String> said = new ArrayList<>();
  private Path outputs;

  @BeforeEach
  void make() throws IOException {
    outputs = Files.createDirectory(folder.resolve("outputs"));
  }

  private void write(String name, String text) throws IOException {
    Path file = outputs.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** The metadata of all outputs, as text. */
  private Map<String, String> read() throws IOException {
    Map<String, String> found = new TreeMap<>();
    OutputTree tree = new OutputTree(outputs);
    Remarks remarks = new Remarks(said::add);
    try (OutputList list = new OutputList(folder.resolve("list"), 200_000);
        SidecarMetadata metadata = new SidecarMetadata(tree, remarks)) {
      tree.list(output -> true, list, remarks);
      metadata.index(list);
      for (OutputTree.Entry output : list) {
        RawValue value = metadata.of(output);
        found.put(output.path(), value == null ? "" : value.rawValue().toString());
      }
    }
    remarks.end();
    return found;
  }

  @Test
  void linesWinOverTheFileBesideAndLaterLinesOverEarlierOnes() throws IOException {
    write("a.txt", "");
    write("sub/b.txt", "");
    write("c.txt", "");
    write("a.txt.metadata.json", "{\"one\": 1, \"two\": {\"x\": [NaN]}}");
    write(
        SidecarMetadata.LINES,
        "{\"file\": \"a.txt\", \"metadata\": {\"one\": 2, \"three\": 3}}\n\n"
            + "{\"metadata\": {\"b\": 1.5}, \"more\": [{}], \"file\": \"sub/b.txt\"}\n"
            + "{\"file\": \"a.txt\", \"metadata\": {\"three\": \"ä\"}}");
    Map<String, String> found = read();
    assertEquals("{\"one\":2,\"two\":{\"x\":[\"NaN\"]},\"three\":\"ä\"}", found.get("a.txt"));
    assertEquals("{\"b\":1.5}", found.get("sub/b.txt"));
    assertEquals("", found.get("c.txt"));
    assertEquals(3, found.size());
    assertTrue(said.isEmpty());
  }

  @Test
  void whatIsMalformedIsToldAndCostsNothingElse() throws IOException {
    write("a.txt", "");
    write("b.txt", "");
    write("b.txt.metadata.json", "{\"x\": 1} 2");
    write("gone.txt.metadata.json", "{}");
    write(
        SidecarMetadata.LINES,
        "no json\n{\"metadata\": {}}\n[]\n{\"file\": \"a.txt\"}\n{\"file\": \"a.txt\", \"metadata\": 3}\n"
            + "{\"file\": \"a.txt\", \"metadata\": {\"deep\": "
            + "[".repeat(2_000)
            + "]".repeat(2_000)
            + "}}\n"
            + "{\"file\": \"a.txt\", \"metadata\": {\"x\": \"y\"}}\n");
    Map<String, String> found = read();
    assertEquals("{\"x\":\"y\"}", found.get("a.txt"));
    assertEquals("", found.get("b.txt"));
    assertEquals(8, said.size());
    assertTrue(said.toString().contains("line 1 "), () -> "" + said.toString());
    assertTrue(said.toString().contains("line 3 "), () -> "" + said.toString());
    assertTrue(said.toString().contains("gone.txt"), () -> "" + said.toString());
    assertTrue(said.toString().contains("b.txt.metadata.json"), () -> "" + said.toString());
  }

  @Test
  void aLineAndAFileOverTheLimitArePassedOver() throws IOException {
    write("a.txt", "");
    write("b.txt", "");
    try (BufferedWriter out = Files.newBufferedWriter(outputs.resolve(SidecarMetadata.LINES))) {
      out.write("{\"file\": \"a.txt\", \"metadata\": {\"x\": \"" + "y".repeat(2 << 20) + "\"}}\n");
      out.write("{\"file\": \"b.txt\", \"metadata\": {\"x\": 1}}\n");
    }
    try (RandomAccessFile file =
        new RandomAccessFile(outputs.resolve("a.txt.metadata.json").toFile(), "rw")) {
      file.setLength(8L << 30);
    }
    Map<String, String> found = read();
    assertEquals("", found.get("a.txt"));
    assertEquals("{\"x\":1}", found.get("b.txt"));
    assertEquals(2, said.size());
  }

  @Test
  void whatIsSaidOfOneOutputHasALimitAsTheMasterTakesIt() throws IOException {
    write("a.txt", "");
    write("b.txt", "");
    write("a.txt.metadata.json", "{\"x\": \"" + "y".repeat(300_000) + "\"}");
    write("b.txt.metadata.json", "{\"x\": \"" + "y".repeat(200_000) + "\"}");
    Map<String, String> found = read();
    assertTrue(String.valueOf(found.get("a.txt")).isEmpty());
    assertEquals(200_008, found.get("b.txt").length());
    assertTrue(said.toString().contains("a.txt"), () -> "" + said.toString());
    assertTrue(said.toString().contains("256 KiB"), () -> "" + said.toString());
  }

  @Test
  void ofManyLikeThingsAFewAreSaidAndTheRestIsCounted() throws IOException {
    write("a.txt", "");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      lines.append("nonsense\n{\"file\": \"no-").append(i).append("\", \"metadata\": {}}\n");
    }
    write(SidecarMetadata.LINES, lines.toString());
    read();
    assertEquals(21, said.size());
    assertEquals("And 281 more lines of valohai.metadata.jsonl that are ignored.", said.get(20));
  }

  @Test
  void tensOfThousandsOfOutputsEachHaveTheirOwn() throws IOException {
    int many = 20_000;
    try (BufferedWriter out = Files.newBufferedWriter(outputs.resolve(SidecarMetadata.LINES))) {
      for (int i = 0; i < many; i++) {
        Files.createFile(outputs.resolve("f" + i));
        out.write("{\"file\": \"f" + i + "\", \"metadata\": {\"number\": " + i + "}}\n");
        out.write("{\"file\": \"none" + i + "\", \"metadata\": {\"number\": " + i + "}}\n");
      }
    }
    Map<String, String> found = read();
    assertEquals(many, found.size());
    for (int i = 0; i < many; i++) {
      assertEquals("{\"number\":" + i + "}", found.get("f" + i));
    }
    assertEquals(
        List.of("valohai.metadata.jsonl has 20,000 lines for files that are no outputs."), said);
  }
}
