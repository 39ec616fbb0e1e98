package dev.millrace.api;

import dev.millrace.engine.dispatch.Refused;
import dev.millrace.engine.dispatch.Wire;
import dev.millrace.engine.store.DatabaseUnavailable;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Bodies and answers of the worker wire and the relay. */
final class Answers {
  private static final int MAX_BODY = 4 << 20;
  private static final int RETRY_SECONDS = 2;

  private Answers() {}

  /** The message as JSON, or the refusal that was thrown. */
  static Response of(Supplier<Object> work) {
    try {
      return Response.ok(Wire.write(work.get()), MediaType.APPLICATION_JSON_TYPE).build();
    } catch (Refused e) {
      return of(e);
    } catch (DatabaseUnavailable e) {
      return of(new Refused(503, "database", "The database cannot be used just now."));
    }
  }

  /** An empty object, or the refusal that was thrown. */
  static Response done(Runnable work) {
    return of(
        () -> {
          work.run();
          return Map.of();
        });
  }

  static Response of(Refused refused) {
    Response.ResponseBuilder answer =
        Response.status(refused.status())
            .type(MediaType.APPLICATION_JSON_TYPE)
            .entity(Wire.write(refused));
    if (refused.status() == 503 || refused.status() == 429) {
      answer.header(HttpHeaders.RETRY_AFTER, RETRY_SECONDS);
    }
    return answer.build();
  }

  static <T> T read(InputStream body, Class<T> type) {
    return Wire.read(bytes(body, MAX_BODY), type);
  }

  static byte[] bytes(InputStream body, int most) {
    try {
      byte[] bytes = body.readNBytes(most + 1);
      if (bytes.length > most) {
        throw new Refused(413, "too_large", "The body has at most " + most + " bytes.");
      }
      return bytes;
    } catch (IOException e) {
      throw new Refused(400, "invalid", "The body did not arrive whole.");
    }
  }

  static long number(String field, @Nullable String text) {
    try {
      return Long.parseLong(text == null ? "" : text);
    } catch (NumberFormatException e) {
      throw new Refused(400, "invalid", field + " must be a whole number.");
    }
  }
}
