package dev.millrace.api.http;

import dev.millrace.engine.service.Conflict;
import dev.millrace.engine.service.Denied;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Problem;
import dev.millrace.engine.service.Refusal;
import dev.millrace.engine.service.TooMany;
import dev.millrace.engine.service.Unauthenticated;
import dev.millrace.engine.service.Unavailable;
import dev.millrace.engine.store.DatabaseUnavailable;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns every failure into JSON: field problems as {@code {"field": [{"message", "code"}]}}, all
 * others as {@code {"detail", "code"}}. What nobody expected is logged under an incident number,
 * and only that number is answered.
 */
@Component(service = ExceptionMapper.class)
@JakartarsExtension
@JakartarsName("millrace-errors")
public final class Errors implements ExceptionMapper<Throwable> {
  private static final Logger log = LoggerFactory.getLogger(Errors.class);
  private static final int RETRY_SECONDS = 5;

  @Activate
  public Errors() {}

  /** What is answered: the body is written as JSON. */
  public record Told(int status, Map<String, Object> body, Map<String, String> headers) {}

  @Override
  public Response toResponse(Throwable failure) {
    return failure instanceof WebApplicationException web ? http(web) : response(told(failure));
  }

  /** What any failure but one of Jersey's own tells the client. */
  public static Told told(Throwable failure) {
    if (failure instanceof Invalid invalid) {
      return new Told(400, nested(invalid.fields()), Map.of());
    }
    if (failure instanceof Refusal refusal) {
      return refused(refusal);
    }
    if (failure instanceof DatabaseUnavailable unavailable) {
      log.warn("api=database-unavailable reason=\"{}\"", failure.getMessage());
      return refused(unavailable(unavailable.reason()));
    }
    String incident = UUID.randomUUID().toString();
    log.error("incident={} action=\"report this with the lines below\"", incident, failure);
    return detail(
        500,
        "internal_error",
        "Something broke here. The operator finds it in the log as incident " + incident,
        Map.of());
  }

  private static Unavailable unavailable(DatabaseUnavailable.Reason reason) {
    return switch (reason) {
      case UNREACHABLE -> new Unavailable("database", "The database does not answer just now");
      case READ_ONLY ->
          new Unavailable(
              "database_read_only",
              "The database takes no changes just now, so nothing was changed; try again later");
      case TOO_SLOW ->
          new Unavailable(
              "too_slow",
              "The database was stopped because this took too long; narrow it, a list by its"
                  + " project, by status=, step= or counter=, or by a smaller limit and offset");
      case TOO_MANY_LISTS ->
          new Unavailable(
              "too_many_lists",
              "Too many lists are being read just now; try again in some seconds");
    };
  }

  private static Told refused(Refusal refusal) {
    Map<String, String> headers = Map.of();
    if (refusal instanceof Unauthenticated) {
      headers = Map.of(HttpHeaders.WWW_AUTHENTICATE, "Token");
    } else if (refusal instanceof TooMany many) {
      long seconds = Math.max(1, many.retryAfter().toSeconds());
      headers = Map.of(HttpHeaders.RETRY_AFTER, Long.toString(seconds));
    } else if (refusal instanceof Unavailable) {
      headers = Map.of(HttpHeaders.RETRY_AFTER, Integer.toString(RETRY_SECONDS));
    }
    return detail(status(refusal), refusal.code(), refusal.text(), headers);
  }

  /** The HTTP status of a refusal. */
  public static int status(Refusal refusal) {
    if (refusal instanceof NotFound) {
      return 404;
    }
    if (refusal instanceof Denied) {
      return 403;
    }
    if (refusal instanceof Conflict) {
      return 409;
    }
    if (refusal instanceof Unauthenticated) {
      return 401;
    }
    if (refusal instanceof TooMany) {
      return 429;
    }
    return refusal instanceof Unavailable ? 503 : 400;
  }

  private static Response http(WebApplicationException failure) {
    Response original = failure.getResponse();
    int status = original.getStatus();
    if (status < 400 || original.hasEntity()) {
      return original;
    }
    String detail =
        switch (status) {
          case 404 -> "Not found.";
          case 405 -> "This method is not allowed here.";
          case 406 -> "Only application/json can be answered here.";
          case 413 -> String.valueOf(failure.getMessage());
          case 415 -> "Send application/json or a form; files are uploaded as multipart/form-data.";
          default -> original.getStatusInfo().getReasonPhrase();
        };
    String allow = original.getHeaderString(HttpHeaders.ALLOW);
    return response(
        detail(
            status,
            code(status),
            detail,
            allow == null ? Map.of() : Map.of(HttpHeaders.ALLOW, allow)));
  }

  private static String code(int status) {
    return switch (status) {
      case 404 -> "not_found";
      case 405 -> "method_not_allowed";
      case 413 -> "too_large";
      case 415 -> "unsupported_media_type";
      default -> "error";
    };
  }

  private static Told detail(int status, String code, String text, Map<String, String> headers) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("detail", text);
    body.put("code", code);
    return new Told(status, body, headers);
  }

  /** {@code parameters.rate} becomes an object within an object, as clients print nested fields. */
  private static Map<String, Object> nested(Map<String, List<Problem>> fields) {
    Map<String, Object> root = new LinkedHashMap<>();
    fields.forEach(
        (field, problems) -> {
          String[] parts = field.split("\\.", 2);
          if (parts.length == 2
              && root.getOrDefault(parts[0], Map.of()) instanceof Map<?, ?> inner) {
            Map<String, Object> merged = new LinkedHashMap<>();
            inner.forEach((k, v) -> merged.put(String.valueOf(k), v));
            merged.put(parts[1], problems);
            root.put(parts[0], merged);
          } else {
            root.put(field, problems);
          }
        });
    return root;
  }

  private static Response response(Told told) {
    Response.ResponseBuilder answer =
        Response.status(told.status()).entity(told.body()).type(MediaType.APPLICATION_JSON_TYPE);
    told.headers().forEach(answer::header);
    return answer.build();
  }
}
