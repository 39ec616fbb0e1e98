package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON of user code, handled as text: as a tree of objects a text of 1 MiB may take 40 MiB. NaN and
 * Infinity, which JSON does not know, become texts.
 */
final class PlainJson {
  /** Characters of the metadata of one file. */
  static final int LONGEST = 256 * 1024;

  private static final int DEPTH = 500;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          // Names are the user's: none is kept beyond its text.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEPTH).build())
          .build();

  private PlainJson() {}

  /** Whether a text is one JSON object and nothing else. */
  static boolean isObject(byte[] text) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      boolean object = parser.nextToken() == JsonToken.START_OBJECT;
      parser.skipChildren();
      end(parser);
      return object;
    } catch (IOException e) {
      // Bytes that are not UTF-8 count as well.
      return false;
    }
  }

  /** Breaks where anything follows. */
  static void end(JsonParser parser) throws IOException {
    if (parser.nextToken() != null) {
      throw new JsonParseException(parser, "more than one value");
    }
  }

  /** The value that the parser stands at, in short form; it then stands at the end of it. */
  static byte[] copy(JsonParser parser) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator to = FACTORY.createGenerator(out)) {
      to.copyCurrentStructure(parser);
    }
    return out.toByteArray();
  }

  /** An object in short form. */
  static String text(byte[] object) throws IOException {
    try (JsonParser parser = FACTORY.createParser(object)) {
      parser.nextToken();
      return new String(copy(parser), StandardCharsets.UTF_8);
    }
  }

  /** The properties of all objects; a later one wins. One at a time, for it holds them all. */
  static synchronized String merged(List<byte[]> objects) throws IOException {
    Map<String, byte[]> properties = new LinkedHashMap<>();
    for (byte[] object : objects) {
      try (JsonParser parser = FACTORY.createParser(object)) {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          String key = parser.currentName();
          parser.nextToken();
          properties.put(key, copy(parser));
        }
      }
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator to = FACTORY.createGenerator(out)) {
      to.writeStartObject();
      for (Map.Entry<String, byte[]> one : properties.entrySet()) {
        to.writeFieldName(one.getKey());
        to.writeRawValue(new String(one.getValue(), StandardCharsets.UTF_8));
      }
      to.writeEndObject();
    }
    return out.toString(StandardCharsets.UTF_8);
  }
}
