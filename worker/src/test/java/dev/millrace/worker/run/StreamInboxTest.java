package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever opens the file of a worker that was killed finds what it had read, as far as it had. */
class StreamInboxTest {
  @TempDir Path dir;

  private StreamInbox open() throws IOException {
    return StreamInbox.open(dir.resolve("stdout.inbox"));
  }

  /** A pipe that holds that text; where it breaks the caller is killed right after the read. */
  private record Pipe(String text, boolean breaks) implements ReadableByteChannel {
    @Override
    public int read(ByteBuffer place) throws IOException {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      place.put(bytes);
      if (breaks) {
        throw new IOException("killed");
      }
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }

  private static String text(StreamInbox inbox) {
    return StandardCharsets.UTF_8.decode(inbox.content()).toString();
  }

  @Test
  void aReadThatTookPlaceIsThereAndOneThatDidNotIsNot() throws IOException {
    StreamInbox first = open();
    first.receive(new Pipe("o", false), 1);
    assertThrows(IOException.class, () -> first.receive(new Pipe("ne\n", true), 3));
    StreamInbox second = open();
    assertEquals("one\n", text(second));
    assertEquals(0, second.start());
    assertThrows(IOException.class, () -> second.receive(new Pipe("", true), 5));
    StreamInbox third = open();
    assertEquals("one\n", text(third));
    third.done();
    assertEquals(4, third.start());
    assertThrows(IOException.class, () -> third.receive(new Pipe("two\n", true), 4));
    StreamInbox fourth = open();
    assertEquals(4, fourth.start());
    assertEquals("two\n", text(fourth));
    fourth.done();
    StreamInbox fifth = open();
    assertEquals(8, fifth.start());
    assertEquals("", text(fifth));
  }

  @Test
  void aDiskThatTakesNoPageIsAnErrorOfInputAndOutput() throws IOException {
    StreamInbox inbox = open();
    try (FileChannel file =
        FileChannel.open(dir.resolve("stdout.inbox"), StandardOpenOption.WRITE)) {
      // Nothing is behind the mapping any more, which is what a write without room meets.
      file.truncate(0);
    }
    try (FileChannel pipe = FileChannel.open(Files.writeString(dir.resolve("pipe"), "never"))) {
      assertThrows(IOException.class, () -> inbox.receive(pipe, 5));
    }
    assertEquals(0, inbox.length());
  }

  @Test
  void itTakesNoMoreThanItHasRoomFor() throws IOException {
    StreamInbox inbox = open();
    inbox.receive(new Pipe("x".repeat(StreamInbox.CAPACITY - 2), false), StreamInbox.CAPACITY - 2);
    assertEquals(2, inbox.receive(new Pipe("yz", false), 100));
    assertEquals(0, inbox.receive(new Pipe("never", false), 100));
    assertEquals(StreamInbox.CAPACITY, inbox.length());
  }
}
