package dev.millrace.spi.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.Blob;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.StoreFeature;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Reading, listing and deleting, by any name. */
abstract class StoreReading extends StoreWriting {
  @Test
  final void rangesAreExact() throws Exception {
    write("digits", "0123456789");
    assertArrayEquals(bytes("0123456789"), read("digits", ByteRange.from(0)));
    assertArrayEquals(bytes("789"), read("digits", ByteRange.from(7)));
    assertArrayEquals(bytes("0"), read("digits", ByteRange.of(0, 1)));
    assertArrayEquals(bytes("345"), read("digits", ByteRange.of(3, 3)));
    assertArrayEquals(bytes("9"), read("digits", ByteRange.of(9, 1)));
    assertArrayEquals(bytes("89"), read("digits", ByteRange.of(8, 1_000_000)));
    assertArrayEquals(bytes("9"), read("digits", ByteRange.of(9, Long.MAX_VALUE)));
    for (long from : new long[] {10, 11, Long.MAX_VALUE}) {
      PluginException e =
          assertThrows(PluginException.class, () -> read("digits", ByteRange.from(from)));
      assertEquals(PluginException.Kind.INVALID, e.kind());
    }
  }

  @Test
  final void whatIsNotThereIsSaidToBeNotThere() throws Exception {
    write("folder/blob", "x");
    for (String name : List.of("nothing", "folder", "folder/blob/below", "nothing/below")) {
      assertEquals(Optional.empty(), stat(name), name);
      PluginException e = assertThrows(PluginException.class, () -> read(name), name);
      assertEquals(PluginException.Kind.NOT_FOUND, e.kind());
    }
  }

  @Test
  final void anOpenStreamDoesNotMixTwoVersions() throws Exception {
    int size = 4 << 20;
    store().write(key("k"), body(filled('1', size)), Write.sized(size), call());
    try (InputStream in = store().read(key("k"), ByteRange.ALL, call())) {
      assertEquals('1', in.read());
      store().write(key("k"), body(filled('2', size)), Write.sized(size), call());
      try {
        byte[] rest = in.readAllBytes();
        assertArrayEquals(filled('1', size - 1), rest);
      } catch (IOException e) {
        assertArrayEquals(filled('2', size), read("k"), "a stream may fail, not mix");
      }
    }
  }

  @Test
  final void deletingNothingIsNoError() throws Exception {
    write("folder/blob", "x");
    for (String name : List.of("nothing", "nothing/below", "folder", "folder/blob/below")) {
      store().delete(key(name), call());
    }
    assertArrayEquals(bytes("x"), read("folder/blob"));
    store().delete(key("folder/blob"), call());
    store().delete(key("folder/blob"), call());
    assertEquals(Optional.empty(), stat("folder/blob"));
    awaitListed(List.of());
  }

  @Test
  final void aKeyMayBecomeAFolderOnceItsBlobIsGone() throws Exception {
    write("k", "blob");
    store().delete(key("k"), call());
    write("k/below", "folder");
    store().delete(key("k/below"), call());
    write("k", "blob again");
    assertArrayEquals(bytes("blob again"), read("k"));
  }

  @Test
  final void aBlobBelowABlobIsKeptOrRefusedWithoutHarm() throws Exception {
    write("k", "above");
    write("f/below", "below");
    for (String name : List.of("k/below", "f")) {
      try {
        write(name, "second");
        assertArrayEquals(bytes("second"), read(name));
      } catch (PluginException e) {
        assertEquals(PluginException.Kind.CONFLICT, e.kind());
        assertEquals(Optional.empty(), stat(name));
      }
    }
    assertArrayEquals(bytes("above"), read("k"));
    assertArrayEquals(bytes("below"), read("f/below"));
  }

  @Test
  final void writersAndDeletersOfOneFolderDoNotHinderEachOther() throws Exception {
    List<Future<?>> work = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      String name = "deep/er/" + t;
      work.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 25; i++) {
                  write(name, "x" + i);
                  assertArrayEquals(bytes("x" + i), read(name));
                  store().delete(key(name), call());
                }
                return null;
              }));
    }
    for (Future<?> each : work) {
      each.get(120, TimeUnit.SECONDS);
    }
    awaitListed(List.of());
  }

  @Test
  final void awkwardKeysAreOnlyNames() throws Exception {
    List<String> names =
        List.of(
            "case",
            "Case",
            "CASE",
            "\u00e9",
            "e\u0301",
            "世界/λ/𝄞",
            "😀".repeat(60),
            "字".repeat(85),
            "a".repeat(255),
            " lead",
            "trail ",
            "dot.",
            "...",
            "..x",
            "x..",
            ".hidden",
            "~",
            "a~",
            "a~b",
            "%",
            "%2e",
            "%2e%2e/x",
            "%2F",
            "%25",
            "..\\up",
            "a\\b",
            "C:",
            "con",
            "nul.txt",
            "a?b#c&d=e+f",
            "*",
            "\"quoted\" 'x'",
            "<x>|y",
            "$HOME",
            "`id`",
            ";",
            "-rf",
            "--",
            "tmp",
            "a=",
            "a==",
            "{x}",
            "[x]",
            "@",
            "!",
            "\u2028",
            "\ufeff",
            "\uffff");
    for (String name : names) {
      write(name, "of " + name);
    }
    for (String name : names) {
      assertArrayEquals(bytes("of " + name), read(name), name);
      assertEquals(key(name), stat(name).orElseThrow().key());
    }
    awaitListed(names);
    for (String name : names) {
      store().delete(key(name), call());
    }
    awaitListed(List.of());
  }

  @Test
  final void aPrefixIsCharactersAndTheOrderIsThatOfTheKeys() throws Exception {
    List<String> names =
        List.of(
            "a", "ab-c", "ab/c", "ab0", "abc", "b/1", "b/10", "b/2", "B", "\uff5e", "𝄞", "ä",
            "c/x/y/z", "c-x", "c.x");
    for (String name : names) {
      write(name, "x");
    }
    awaitListed(names);
    assertEquals(sorted(List.of("ab-c", "ab/c", "ab0", "abc")), names(list(folder + "ab")));
    assertEquals(List.of("ab/c"), names(list(folder + "ab/")));
    assertEquals(sorted(List.of("b/1", "b/10")), names(list(folder + "b/1")));
    assertEquals(List.of("𝄞"), names(list(folder + "𝄞")));
    assertEquals(List.of("c/x/y/z"), names(list(folder + "c/x/y/")));
    for (String nothing : List.of("zzz", "a/", "ab/c/", "../", "b/1/")) {
      assertEquals(List.of(), list(folder + nothing), nothing);
    }
    assertTrue(list("").size() >= names.size());
  }

  @Test
  final void pagesGiveEachBlobOnceInOrder() throws Exception {
    int count = 1_100;
    List<Future<?>> writes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = "d" + i % 7 + "/n" + i;
      writes.add(
          threads.submit(
              () -> {
                write(name, name);
                return null;
              }));
    }
    for (Future<?> write : writes) {
      write.get(120, TimeUnit.SECONDS);
    }
    if (!declares(StoreFeature.STRONG_LISTING)) {
      Await.until("all blobs are listed", () -> list(folder).size() == count);
    }
    List<Blob> all = list(folder);
    assertEquals(count, all.size());
    assertEquals(count, new HashSet<>(names(all)).size());
    assertEquals(sorted(names(all)), names(all));
    for (Blob blob : all.subList(0, 20)) {
      assertEquals(Optional.of(blob), store().stat(blob.key(), call()));
    }
    Page<Blob> first = store().list(folder, Page.Cursor.START, call());
    assertTrue(first.items().size() <= 1_000, "a page of " + first.items().size());
    store().delete(first.items().get(first.items().size() - 1).key(), call());
    Page<Blob> second = store().list(folder, first.next().orElseThrow(), call());
    assertEquals(
        all.get(first.items().size()), second.items().get(0), "a cursor outlives its blob");
  }
}
