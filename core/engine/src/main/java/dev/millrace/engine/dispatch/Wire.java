package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads and writes the messages of the worker wire. Unknown members are ignored. */
public final class Wire {
  static final ObjectMapper JSON =
      JsonMapper.builder()
          .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
          .serializationInclusion(JsonInclude.Include.NON_NULL)
          .build();

  private Wire() {}

  /** Reads a body; throws {@link Refused} 400 with the place of the fault. */
  public static <T> T read(byte[] body, Class<T> type) {
    try {
      T message = JSON.readValue(body, type);
      if (message == null) {
        throw Refused.invalid("The body must be a JSON object.");
      }
      return message;
    } catch (JsonProcessingException e) {
      throw Refused.invalid("The body cannot be read: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw Refused.invalid("The body cannot be read.");
    }
  }

  /** The message as UTF-8 JSON. */
  public static byte[] write(Object message) {
    try {
      return JSON.writeValueAsBytes(message);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a wire message cannot be written", e);
    }
  }

  /** The body of a refusal. */
  public static byte[] write(Refused refused) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("code", refused.code());
    body.put("message", String.valueOf(refused.getMessage()));
    body.putAll(refused.more());
    return write((Object) body);
  }

  static String text(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a value cannot be written as JSON", e);
    }
  }
}
