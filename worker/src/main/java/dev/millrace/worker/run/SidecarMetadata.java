package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.millrace.worker.transfer.BoundedLines;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What user code says of its outputs, in files beside them and in valohai.metadata.jsonl. Of the
 * latter only the places of its lines are held; all is read when an output of that name is
 * reported.
 */
final class SidecarMetadata implements Closeable {
  static final String LINES = "valohai.metadata.jsonl";

  /** Bytes of one line, or of one file beside an output. */
  static final int LONGEST = 1 << 20;

  private static final String SUFFIX = ".metadata.json";
  private static final long MOST_BYTES = 1L << 30;
  private static final String BAD_LINES = "lines of " + LINES + " that are ignored";
  private static final String BAD_FILES = "metadata files that are ignored";

  private final OutputTree tree;
  private final Remarks remarks;
  private final LineIndex index = new LineIndex();
  private @Nullable SeekableByteChannel lines;

  SidecarMetadata(OutputTree tree, Remarks remarks) {
    this.tree = tree;
    this.remarks = remarks;
  }

  /** Whether a path is a carrier of metadata and so no output itself. */
  static boolean carrier(String path) {
    return path.equals(LINES) || path.endsWith(SUFFIX);
  }

  /** The output that a carrier of metadata is beside, or null where it is for all. */
  static @Nullable String output(String carrier) {
    return carrier.equals(LINES) ? null : carrier.substring(0, carrier.length() - SUFFIX.length());
  }

  /** Looks where the lines are that speak of these outputs. */
  void index(Iterable<OutputTree.Entry> outputs) throws IOException {
    SeekableByteChannel file;
    try {
      file = tree.open(List.of(LINES));
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      throw SourceException.of(e);
    }
    lines = file;
    Fingerprints names = new Fingerprints();
    outputs.forEach(output -> names.add(Fingerprints.of(output.path())));
    long number = 0;
    long others = 0;
    BoundedLines in = new BoundedLines(Channels.newInputStream(file), LONGEST);
    while (in.next()) {
      number++;
      String where = LINES + " line " + number;
      if (in.offset() + in.length() > MOST_BYTES) {
        remarks.add(BAD_LINES, LINES + " is read up to 1 GiB; what follows is ignored.");
        break;
      }
      if (in.tooLong()) {
        remarks.add(BAD_LINES, where + " is ignored: it is over 1 MiB.");
      } else if (!in.blank()) {
        String name = named(in.bytes(), in.length(), where);
        if (name != null && !names.has(Fingerprints.of(name))) {
          others++;
        } else if (name != null && !index.add(Fingerprints.of(name), in.offset(), in.length())) {
          remarks.add(BAD_LINES, where + " is ignored: there are too many lines before it.");
        }
      }
    }
    if (others > 0) {
      remarks.add(
          BAD_LINES, "%s has %,d lines for files that are no outputs.".formatted(LINES, others));
    }
  }

  /** The file that a line is about, or null where the line is not as it must be, which is told. */
  private @Nullable String named(byte[] bytes, int length, String where) throws IOException {
    try (JsonParser parser = PlainJson.FACTORY.createParser(bytes, 0, length)) {
      LineShape line = LineShape.read(parser);
      if (line.file() == null) {
        remarks.add(BAD_LINES, where + " is ignored: it names no file.");
      } else if (!line.hasMetadata()) {
        remarks.add(BAD_LINES, where + " is ignored: the metadata is not a JSON object.");
      } else {
        return line.file();
      }
    } catch (JsonProcessingException e) {
      remarks.add(BAD_LINES, where + " is ignored: it is not valid JSON.");
    } catch (IOException e) {
      // Bytes that are not UTF-8 break the parser in this way; the bytes themselves are in memory.
      remarks.add(BAD_LINES, where + " is ignored: it is not valid JSON.");
    }
    return null;
  }

  /** What is said of an output; in conflicts a line wins over the file, a later over an earlier. */
  @Nullable RawValue of(OutputTree.Entry output) throws IOException {
    List<byte[]> said = new ArrayList<>();
    byte[] file = beside(output);
    if (file != null) {
      said.add(file);
    }
    long bytes = 0;
    for (LineIndex.Place place : index.of(Fingerprints.of(output.path()))) {
      bytes += place.length();
      if (bytes > LONGEST) {
        remarks.add(
            BAD_LINES, "Lines of " + LINES + " for " + output.path() + " are over 1 MiB together.");
        break;
      }
      byte[] metadata = metadata(read(place), output.path());
      if (metadata != null) {
        said.add(metadata);
      }
    }
    if (said.isEmpty()) {
      return null;
    }
    String text = said.size() == 1 ? PlainJson.text(said.get(0)) : PlainJson.merged(said);
    if (text.length() > PlainJson.LONGEST) {
      remarks.add(
          BAD_FILES, "Metadata of " + output.path() + " is ignored: it is over 256 KiB as JSON.");
      return null;
    }
    return new RawValue(text);
  }

  private byte @Nullable [] beside(OutputTree.Entry output) throws IOException {
    String path = output.path() + SUFFIX;
    byte[] bytes;
    try (InputStream in = Channels.newInputStream(tree.open(List.of(path.split("/"))))) {
      bytes = in.readNBytes(LONGEST + 1);
    } catch (NoSuchFileException e) {
      return null;
    }
    if (bytes.length > LONGEST) {
      remarks.add(BAD_FILES, "Metadata file " + path + " is ignored: it is over 1 MiB.");
      return null;
    }
    if (PlainJson.isObject(bytes)) {
      return bytes;
    }
    remarks.add(BAD_FILES, "Metadata file " + path + " is ignored: it is not one JSON object.");
    return null;
  }

  private byte[] read(LineIndex.Place place) throws IOException {
    SeekableByteChannel file = lines;
    ByteBuffer bytes = ByteBuffer.allocate(place.length());
    if (file != null) {
      synchronized (this) {
        file.position(place.offset());
        while (bytes.hasRemaining() && file.read(bytes) >= 0) {
          // Until it is whole.
        }
      }
    }
    return bytes.array();
  }

  /** The metadata of a line, if it is about that output after all. */
  private static byte @Nullable [] metadata(byte[] line, String output) throws IOException {
    try (JsonParser parser = PlainJson.FACTORY.createParser(line)) {
      byte[] found = null;
      boolean same = false;
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        if (key.equals("file")) {
          same = value == JsonToken.VALUE_STRING && parser.getText().equals(output);
        } else if (key.equals("metadata") && value == JsonToken.START_OBJECT) {
          found = PlainJson.copy(parser);
          continue;
        }
        parser.skipChildren();
      }
      return same ? found : null;
    } catch (JsonProcessingException e) {
      // It was valid when it was indexed: somebody writes it still.
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    if (lines != null) {
      lines.close();
    }
  }
}
