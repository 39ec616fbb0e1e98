package dev.millrace.api.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.service.Invalid;
import jakarta.ws.rs.ClientErrorException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.ext.MessageBodyReader;
import jakarta.ws.rs.ext.MessageBodyWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Reader;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;

/**
 * Reads JSON and forms into records, and writes records, lists and maps as JSON. A form is read as
 * a JSON object of texts, a repeated key as a list. What does not fit is an {@link Invalid} that
 * names the field.
 */
@Component(service = {MessageBodyReader.class, MessageBodyWriter.class})
@JakartarsExtension
@JakartarsName("millrace-json")
// Named types win over the wildcard of the JSON provider that Jersey brings along.
@Produces({"application/json", "application/*+json"})
@Consumes({"application/json", "application/*+json", "application/x-www-form-urlencoded"})
public final class JsonBodies implements MessageBodyReader<Object>, MessageBodyWriter<Object> {
  /** Longest body that is read into memory. Uploads are streams and have limits of their own. */
  static final int MAX_BYTES = 10 << 20;

  private final ObjectMapper json = Json.mapper();

  @Activate
  public JsonBodies() {}

  @Override
  public boolean isReadable(
      Class<?> type, Type generic, Annotation[] annotations, MediaType mediaType) {
    return ours(type) && (isJson(mediaType) || isForm(mediaType));
  }

  @Override
  public Object readFrom(
      Class<Object> type,
      Type generic,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, String> headers,
      InputStream body)
      throws IOException {
    byte[] bytes = body.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      throw new ClientErrorException(
          "The body is longer than " + MAX_BYTES + " bytes",
          Response.Status.REQUEST_ENTITY_TOO_LARGE);
    }
    JavaType wanted = json.getTypeFactory().constructType(generic);
    try {
      if (isForm(mediaType)) {
        return json.convertValue(form(new String(bytes, StandardCharsets.UTF_8)), wanted);
      }
      String text = new String(bytes, StandardCharsets.UTF_8);
      Object value = json.readValue(text.isBlank() ? "{}" : text, wanted);
      if (value == null) {
        throw Invalid.nonField("The body must be a JSON object, not null", "invalid");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw invalid(e);
    } catch (IllegalArgumentException e) {
      if (e.getCause() instanceof JsonProcessingException cause) {
        throw invalid(cause);
      }
      throw Invalid.nonField("The form cannot be read: " + e.getMessage(), "invalid");
    }
  }

  @Override
  public boolean isWriteable(
      Class<?> type, Type generic, Annotation[] annotations, MediaType mediaType) {
    return ours(type) && isJson(mediaType);
  }

  @Override
  public void writeTo(
      Object value,
      Class<?> type,
      Type generic,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream out)
      throws IOException {
    out.write(json.writeValueAsBytes(value));
  }

  private ObjectNode form(String text) {
    ObjectNode object = json.createObjectNode();
    for (String pair : text.split("&", -1)) {
      if (pair.isEmpty()) {
        continue;
      }
      int equals = pair.indexOf('=');
      String key = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      if (object.get(key) instanceof ArrayNode list) {
        list.add(value);
      } else if (object.has(key)) {
        object.set(key, json.createArrayNode().add(object.get(key)).add(value));
      } else {
        object.put(key, value);
      }
    }
    return object;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static Invalid invalid(JsonProcessingException e) {
    String field =
        e instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(r -> Optional.ofNullable(r.getFieldName()).orElse("[" + r.getIndex() + "]"))
                .collect(Collectors.joining("."))
            : "";
    String what = e.getOriginalMessage().lines().findFirst().orElse("it cannot be read");
    if (field.isEmpty()) {
      return Invalid.nonField(
          "The body is not the JSON object that was expected: " + what, "parse_error");
    }
    // Jackson's words name Java types, which tell a user nothing.
    return Invalid.field(
        field.replace(".[", "["), "This value is not of the kind that is expected here", "invalid");
  }

  private static boolean ours(Class<?> type) {
    return type != String.class
        && type != byte[].class
        && !InputStream.class.isAssignableFrom(type)
        && !Reader.class.isAssignableFrom(type)
        && !StreamingOutput.class.isAssignableFrom(type)
        && !File.class.isAssignableFrom(type)
        && !MultivaluedMap.class.isAssignableFrom(type)
        && !type.getName().startsWith("org.glassfish.")
        && !type.getName().startsWith("jakarta.");
  }

  private static boolean isJson(MediaType type) {
    return type.getSubtype().equals("json") || type.getSubtype().endsWith("+json");
  }

  private static boolean isForm(MediaType type) {
    return MediaType.APPLICATION_FORM_URLENCODED_TYPE.isCompatible(type)
        && !type.isWildcardSubtype();
  }
}
