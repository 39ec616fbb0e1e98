package dev.millrace.engine.logs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A record of a sealed log as one line of JSON: {@code o} offset, {@code t} time, {@code s} stream,
 * {@code m} text or {@code b} base64 where the bytes are not UTF-8, {@code c} if the line goes on.
 */
final class RecordJson {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final ObjectMapper JSON = new ObjectMapper();

  private RecordJson() {}

  static byte[] write(LogRecord record) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(record.bytes().length + 64);
    try (JsonGenerator json = FACTORY.createGenerator(out)) {
      json.writeStartObject();
      json.writeNumberField("o", record.offset());
      json.writeNumberField("t", record.micros());
      json.writeStringField("s", record.source().word);
      try {
        json.writeStringField(
            "m",
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(record.bytes())).toString());
      } catch (CharacterCodingException e) {
        json.writeStringField("b", Base64.getEncoder().encodeToString(record.bytes()));
      }
      if (record.continued()) {
        json.writeBooleanField("c", true);
      }
      json.writeEndObject();
    }
    out.write('\n');
    return out.toByteArray();
  }

  static LogRecord read(String line) throws IOException {
    JsonNode json = JSON.readTree(line);
    byte[] bytes =
        json.has("b")
            ? Base64.getDecoder().decode(json.path("b").asText())
            : json.path("m").asText().getBytes(StandardCharsets.UTF_8);
    return new LogRecord(
        LogRecord.Source.ofWord(json.path("s").asText()),
        json.path("o").asLong(),
        json.path("t").asLong(),
        bytes,
        json.path("c").asBoolean());
  }
}
