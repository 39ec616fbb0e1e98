package dev.millrace.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.service.Invalid;
import jakarta.ws.rs.ClientErrorException;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedHashMap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class JsonBodiesTest {
  record Body(
      @Nullable String name,
      @Nullable Integer maxCount,
      @Nullable Boolean enabled,
      @Nullable List<String> tags) {}

  record Answer(Instant createdAt, Optional<String> note, int maxCount) {}

  private final JsonBodies bodies = new JsonBodies();

  @SuppressWarnings({"unchecked", "rawtypes"})
  private Body read(String text, MediaType type) throws IOException {
    InputStream in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    return (Body)
        bodies.readFrom(
            (Class) Body.class,
            Body.class,
            new Annotation[0],
            type,
            new MultivaluedHashMap<>(),
            in);
  }

  private Body json(String text) throws IOException {
    return read(text, MediaType.APPLICATION_JSON_TYPE);
  }

  @Test
  void aFormIsReadLikeJson() throws IOException {
    Body body =
        read(
            "name=a+b%26c&max_count=7&enabled=True&tags=x&tags=y",
            MediaType.APPLICATION_FORM_URLENCODED_TYPE);
    assertEquals(new Body("a b&c", 7, true, List.of("x", "y")), body);
  }

  @Test
  void unknownFieldsAreIgnoredAndAbsentOnesAreNull() throws IOException {
    Body body = json("{\"name\": \"n\", \"surprise\": {}}");
    assertEquals("n", body.name());
    assertNull(body.maxCount());
  }

  @Test
  void anEmptyBodyIsAnEmptyObject() throws IOException {
    assertNull(json("").name());
  }

  @Test
  void aValueOfTheWrongKindNamesItsField() {
    Invalid invalid = assertThrows(Invalid.class, () -> json("{\"max_count\": \"many\"}"));
    assertEquals(List.of("max_count"), List.copyOf(invalid.fields().keySet()));
    assertFalse(invalid.text().contains("java."), invalid.text());
  }

  @Test
  void brokenJsonIsNoFieldsFault() {
    Invalid invalid = assertThrows(Invalid.class, () -> json("{\"name\": "));
    assertTrue(invalid.fields().containsKey(Invalid.NON_FIELD));
    assertThrows(Invalid.class, () -> json("null"));
    assertThrows(Invalid.class, () -> json("[1]"));
    assertThrows(Invalid.class, () -> json("{\"name\": \"a\", \"name\": \"b\"}"));
  }

  @Test
  void jsonIsTakenAtItsWord() {
    for (String wrong :
        List.of(
            "{\"name\": 1}",
            "{\"name\": true}",
            "{\"tags\": [null]}",
            "{\"tags\": [1]}",
            "{\"tags\": \"x\"}",
            "{\"name\": \"a\\u0000b\"}",
            "{\"name\": \"\\ud800\"}",
            "{\"tags\": [\"\\udc00x\"]}",
            "{\"name\": " + "[".repeat(600) + "]".repeat(600) + "}")) {
      Invalid invalid = assertThrows(Invalid.class, () -> json(wrong), wrong);
      assertFalse(invalid.text().contains("dev.millrace"), invalid.text());
      assertFalse(invalid.text().contains("Source"), invalid.text());
    }
    assertThrows(
        Invalid.class, () -> read("name=a%00b", MediaType.APPLICATION_FORM_URLENCODED_TYPE));
  }

  @Test
  void halfACharacterFromElsewhereDoesNotBreakAnAnswer() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    bodies.writeTo(
        List.of("a\ud800"),
        List.class,
        List.class,
        new Annotation[0],
        MediaType.APPLICATION_JSON_TYPE,
        new MultivaluedHashMap<>(),
        out);
    assertEquals("[\"a?\"]", out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aBodyOverTheLimitIsRefused() {
    String huge = "{\"name\": \"" + "x".repeat(JsonBodies.MAX_BYTES) + "\"}";
    ClientErrorException refused = assertThrows(ClientErrorException.class, () -> json(huge));
    assertEquals(413, refused.getResponse().getStatus());
  }

  @Test
  void timesHaveSixDigitsAndAbsentValuesAreNull() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    bodies.writeTo(
        new Answer(Instant.parse("2026-11-23T10:00:00Z"), Optional.empty(), 3),
        Answer.class,
        Answer.class,
        new Annotation[0],
        MediaType.APPLICATION_JSON_TYPE,
        new MultivaluedHashMap<>(),
        out);
    assertEquals(
        "{\"created_at\":\"2026-11-23T10:00:00.000000Z\",\"note\":null,\"max_count\":3}",
        out.toString(StandardCharsets.UTF_8));
  }
}
