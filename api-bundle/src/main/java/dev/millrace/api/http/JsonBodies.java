package dev.millrace.api.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.type.LogicalType;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
  private final ObjectMapper strict = strict();

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
        ObjectNode form = form(new String(bytes, StandardCharsets.UTF_8));
        requireText("", form);
        return json.convertValue(form, wanted);
      }
      String text = new String(bytes, StandardCharsets.UTF_8);
      return strict.convertValue(object(text.isBlank() ? "{}" : text), wanted);
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
    if (value instanceof Call.Page<?> || value instanceof Items<?>) {
      JsonStream stream = new JsonStream(json, out);
      if (value instanceof Call.Page<?> page) {
        page.write(stream);
      } else {
        ((Items<?>) value).write(stream);
      }
      stream.flush();
      return;
    }
    // By way of a text: half a character, which a name from elsewhere may have, becomes a mark
    // then.
    out.write(json.writeValueAsString(value).getBytes(StandardCharsets.UTF_8));
  }

  /** In a form everything is text; in JSON a number or a truth value is none. */
  private static ObjectMapper strict() {
    ObjectMapper mapper = Json.mapper();
    for (CoercionInputShape shape :
        List.of(CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean)) {
      mapper.coercionConfigFor(LogicalType.Textual).setCoercion(shape, CoercionAction.Fail);
    }
    return mapper;
  }

  private ObjectNode object(String text) throws JsonProcessingException {
    JsonNode tree = json.readTree(text);
    if (!(tree instanceof ObjectNode object)) {
      throw Invalid.nonField(
          "The body must be a JSON object, not "
              + tree.getNodeType().name().toLowerCase(Locale.ROOT),
          "invalid");
    }
    requireText("", object);
    return object;
  }

  /** No database keeps NUL or half a character as it is. */
  private static void requireText(String field, JsonNode node) {
    if (node.isTextual() && !storable(node.textValue())) {
      throw Invalid.field(
          field, "The character NUL and half characters are not allowed", "invalid");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!storable(entry.getKey())) {
        throw Invalid.nonField("A field's name has characters that are not allowed", "invalid");
      }
      requireText(
          field.isEmpty() ? entry.getKey() : field + "." + entry.getKey(), entry.getValue());
    }
    if (node.isArray()) {
      node.forEach(item -> requireText(field, item));
    }
  }

  private static boolean storable(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0 || Character.isLowSurrogate(c)) {
        return false;
      }
      if (Character.isHighSurrogate(c)) {
        i++;
        if (i == text.length() || !Character.isLowSurrogate(text.charAt(i))) {
          return false;
        }
      }
    }
    return true;
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
    if (field.isEmpty()) {
      String what = e.getOriginalMessage();
      String where =
          e.getLocation() == null
              ? ""
              : " (line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr()
                  + ")";
      return Invalid.nonField(
          (what.startsWith("Duplicate field") ? what : "The body is not JSON as it should be")
              + where,
          "parse_error");
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
