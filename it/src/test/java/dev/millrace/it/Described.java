package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The served OpenAPI document: every answer that any test gets must be one that it describes. */
final class Described {
  private static final Map<String, Described> KNOWN = new ConcurrentHashMap<>();

  private final JsonNode document;
  private final Map<String, JsonSchema> schemas = new ConcurrentHashMap<>();

  private Described(JsonNode document) {
    this.document = document;
  }

  /** A method on a path template. */
  record Operation(String path, String verb, JsonNode description) {
    String id() {
      return description.get("operationId").asText();
    }
  }

  static Described of(String address) {
    return KNOWN.computeIfAbsent(
        address,
        a -> {
          try {
            HttpResponse<String> answer =
                HttpClient.newHttpClient()
                    .send(
                        HttpRequest.newBuilder(URI.create(a + "/api/v0/schema/")).build(),
                        HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
              throw new AssertionError("the schema answers " + answer.statusCode());
            }
            return new Described(Api.JSON.readTree(answer.body()));
          } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
          }
        });
  }

  /** Fails where the answer has a status or a body that the document does not have. */
  static void check(String address, HttpRequest request, HttpResponse<String> answer) {
    String path = request.uri().getRawPath().replaceAll("/{2,}", "/");
    if (path.startsWith("/api/v0/")) {
      of(address).check(request.method(), path, answer.statusCode(), answer.body());
    }
  }

  JsonNode document() {
    return document;
  }

  List<Operation> operations() {
    List<Operation> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
      for (Map.Entry<String, JsonNode> verb : path.getValue().properties()) {
        all.add(
            new Operation(path.getKey(), verb.getKey().toUpperCase(Locale.ROOT), verb.getValue()));
      }
    }
    return all;
  }

  /** The operation that a request means; templates with fewer variables come first. */
  Optional<Operation> operation(String verb, String path) {
    String slashed = path.endsWith("/") ? path : path + "/";
    return operations().stream()
        .filter(o -> o.verb().equals(verb))
        .filter(o -> slashed.matches(o.path().replaceAll("\\{[^}]+}", "[^/]+")))
        .min(Comparator.comparingInt(o -> o.path().split("\\{", -1).length));
  }

  void check(String verb, String path, int status, String body) {
    if (verb.equals("HEAD") || verb.equals("OPTIONS")) {
      return;
    }
    Optional<Operation> operation = operation(verb, path);
    if (operation.isEmpty()) {
      if (status != 404 && status != 405) {
        throw new AssertionError(verb + " " + path + " is not described and answers " + status);
      }
      return;
    }
    String name = operation.get().id() + " " + status;
    JsonNode response = operation.get().description().at("/responses/" + status);
    if (response.isMissingNode()) {
      throw new AssertionError(verb + " " + path + ": status not described: " + name + " " + body);
    }
    JsonNode schema = response.at("/content/application~1json/schema");
    if (schema.isMissingNode()) {
      return;
    }
    try {
      Set<ValidationMessage> wrong =
          schemas.computeIfAbsent(name, n -> schema(schema)).validate(Api.JSON.readTree(body));
      if (!wrong.isEmpty()) {
        throw new AssertionError(
            name + " does not answer what is described: " + wrong + " " + body);
      }
    } catch (IOException e) {
      throw new AssertionError(name + " does not answer JSON: " + body, e);
    }
  }

  private JsonSchema schema(JsonNode node) {
    ObjectNode whole = node.deepCopy();
    whole.set("components", document.get("components"));
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(whole, SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build());
  }
}
