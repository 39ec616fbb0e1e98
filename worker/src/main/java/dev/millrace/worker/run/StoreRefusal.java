package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.http.HttpAnswer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A store's "no" to an upload, with its own words as far as they can be shown. */
final class StoreRefusal extends IOException {
  private static final long serialVersionUID = 1L;
  private static final int READ = 16_384;
  private static final int LONGEST = 300;
  private static final Pattern CODE = Pattern.compile("<Code>([^<]*)</Code>");
  private static final Pattern MESSAGE = Pattern.compile("<Message>([^<]*)</Message>");

  /** What follows a question mark in an address may be a signature. */
  private static final Pattern QUERY = Pattern.compile("(https?://[^\\s?]*)\\?\\S*");

  private final int status;
  private final String code;

  private StoreRefusal(int status, String code, String words) {
    super(
        "the store answered "
            + status
            + (code.isEmpty() ? "" : " " + code)
            + (words.isEmpty() ? "" : " (" + words + ")")
            + ".");
    this.status = status;
    this.code = code;
  }

  /** Reads an answer that is no success. */
  static StoreRefusal of(HttpAnswer answer, ObjectMapper json) {
    String text;
    try {
      text = new String(answer.body().readNBytes(READ), StandardCharsets.UTF_8);
    } catch (IOException e) {
      text = "";
    }
    String type = String.valueOf(answer.header("Content-Type"));
    return of(answer.status(), type, text, json);
  }

  static StoreRefusal of(int status, String type, String text, ObjectMapper json) {
    String code = found(CODE, text);
    String words = found(MESSAGE, text);
    if (code.isEmpty() && text.stripLeading().startsWith("{")) {
      try {
        JsonNode node = json.readTree(text);
        code = node.path("code").asText(node.at("/error/code").asText());
        words = node.path("message").asText(node.at("/error/message").asText());
      } catch (JsonProcessingException e) {
        // Cut or broken: the status alone is said.
      }
    } else if (code.isEmpty() && words.isEmpty() && type.startsWith("text/plain")) {
      words = text;
    }
    return new StoreRefusal(status, cleaned(code, 60), cleaned(words, LONGEST));
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  private static String cleaned(String text, int longest) {
    String line = QUERY.matcher(text).replaceAll("$1").replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return line.length() > longest ? line.substring(0, longest) + "…" : line;
  }

  /** The HTTP status. */
  int status() {
    return status;
  }

  /** The store's own code, or nothing. */
  String code() {
    return code;
  }
}
