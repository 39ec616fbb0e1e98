package dev.millrace.api.openapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.Path;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The document against the classes that are really there, found without the document's own help.
 */
final class OpenApiTest {
  private final List<Class<?>> resources = resources();
  private final ObjectNode document = OpenApi.of(resources, "1.2.3");

  private static List<Class<?>> resources() {
    try {
      java.nio.file.Path classes =
          java.nio.file.Path.of(
              URI.create(
                  OpenApi.class.getProtectionDomain().getCodeSource().getLocation().toString()));
      List<Class<?>> found = new ArrayList<>();
      try (Stream<java.nio.file.Path> files = Files.walk(classes)) {
        for (java.nio.file.Path file :
            files.filter(f -> f.toString().endsWith(".class")).toList()) {
          String name =
              classes.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
          Class<?> type = Class.forName(name, false, OpenApi.class.getClassLoader());
          if (type.isAnnotationPresent(Path.class)) {
            found.add(type);
          }
        }
      }
      return found;
    } catch (ReflectiveOperationException | java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyRouteIsInTheDocumentOrHasAContractOfItsOwn() {
    Set<String> elsewhere = new TreeSet<>();
    int routes = 0;
    for (Class<?> resource : resources) {
      for (Method method : resource.getMethods()) {
        if (OpenApi.verb(method).isEmpty()) {
          continue;
        }
        String verb = OpenApi.verb(method).get().toLowerCase(Locale.ROOT);
        for (String path : OpenApi.paths(resource, method)) {
          routes++;
          if (!document.get("paths").path(path).has(verb)) {
            elsewhere.add(path.split("/", -1)[1]);
          }
        }
      }
    }
    assertTrue(routes > 60, "routes: " + routes);
    // The worker's wire is in docs/wire, transfers are made by signed addresses, the rest are
    // pages.
    assertEquals(
        Set.of("", "auth", "c", "d", "e", "login", "logout", "p", "static", "transfer", "worker"),
        elsewhere);
  }

  @Test
  void everyStatusIsNamedAndEveryOperationHasAnIdOfItsOwn() {
    Set<String> ids = new HashSet<>();
    for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
      assertTrue(path.getKey().endsWith("/"), path.getKey());
      for (JsonNode operation : path.getValue()) {
        assertTrue(ids.add(operation.get("operationId").asText()), operation.toString());
        operation
            .get("responses")
            .fieldNames()
            .forEachRemaining(status -> assertTrue(status.matches("[2-5][0-9][0-9]"), status));
        assertTrue(
            operation.get("responses").has("200")
                || operation.get("responses").has("201")
                || operation.get("responses").has("204"));
      }
    }
  }

  @Test
  void everyReferenceLeadsSomewhere() {
    List<JsonNode> references = document.findValues("$ref");
    assertFalse(references.isEmpty());
    for (JsonNode reference : references) {
      String name = reference.asText().replace("#/components/schemas/", "");
      assertTrue(document.at("/components/schemas").has(name), name);
    }
  }

  @Test
  void everyPathVariableIsDeclared() {
    for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
      int variables = path.getKey().split("\\{", -1).length - 1;
      for (JsonNode operation : path.getValue()) {
        long declared =
            operation.path("parameters").findValuesAsText("in").stream()
                .filter("path"::equals)
                .count();
        assertEquals(variables, declared, path.getKey());
      }
    }
  }

  @Test
  void membersOfAnswersAreThereAndOfRequestsAsTheMethodSays() {
    JsonNode user = document.at("/components/schemas/UserView");
    assertEquals(user.get("properties").size(), user.get("required").size());
    assertEquals("date-time", user.at("/properties/ctime/format").asText());
    JsonNode form =
        document
            .at("/paths/~1api~1v0~1users~1/post/requestBody/content")
            .get("application/json")
            .get("schema");
    assertEquals("[\"username\"]", form.get("required").toString());
    assertEquals("string", form.at("/properties/username/type").asText());
    assertEquals("[\"string\",\"null\"]", form.at("/properties/email/type").toString());
    JsonNode datum = document.at("/components/schemas/DatumJson");
    assertFalse(datum.get("required").toString().contains("download_url"));
  }
}
