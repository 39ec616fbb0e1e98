package dev.millrace.api.openapi;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Open;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The OpenAPI 3.1 document of resource classes. What it says is read from the annotations by which
 * the routes are served and from the records that are read and written.
 */
public final class OpenApi {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String EVENTS = "text/event-stream";
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)(?:\\s*:\\s*([^}]*))?}");

  private final Schemas schemas = new Schemas();
  private final TreeMap<String, ObjectNode> paths = new TreeMap<>();

  private OpenApi() {}

  /**
   * Whether a path is for users of the API: the worker wire, signed transfers and pages have
   * contracts of their own.
   */
  public static boolean covers(String path) {
    return path.startsWith("/api/v0/") || path.equals("/live/") || path.equals("/ready/");
  }

  /** The document for those classes, of a server of that release. */
  public static ObjectNode of(Collection<Class<?>> resources, String release) {
    OpenApi api = new OpenApi();
    resources.stream().sorted(Comparator.comparing(Class::getName)).forEach(api::add);
    ObjectNode document = JSON.objectNode();
    document.put("openapi", "3.1.0");
    document
        .putObject("info")
        .put("title", "Millrace")
        .put("version", release)
        .putObject("license")
        .put("name", "Apache 2.0")
        .put("identifier", "Apache-2.0");
    document.putArray("servers").addObject().put("url", "/");
    document.putArray("security").addObject().putArray("token");
    ObjectNode all = document.putObject("paths");
    api.paths.forEach(all::set);
    ObjectNode components = document.putObject("components");
    components
        .putObject("securitySchemes")
        .putObject("token")
        .put("type", "apiKey")
        .put("in", "header")
        .put("name", "Authorization")
        .put("description", "The word Token, a blank, and an API token.");
    ObjectNode named = components.putObject("schemas");
    named.set("Detail", detail());
    named.set("Problem", problem());
    named.set("FieldProblems", fieldProblems());
    api.schemas.named().forEach(named::set);
    return document;
  }

  /** The paths of a resource method, with a slash at the end and without patterns. */
  public static List<String> paths(Class<?> resource, Method method) {
    Path below = method.getAnnotation(Path.class);
    String joined =
        "/"
            + resource.getAnnotation(Path.class).value()
            + "/"
            + (below == null ? "" : below.value());
    Matcher variables = VARIABLE.matcher(joined);
    List<String> found = new ArrayList<>(List.of(joined));
    while (variables.find()) {
      String pattern = variables.group(2) == null ? "" : variables.group(2);
      boolean words = pattern.matches("[a-z_]+(\\|[a-z_]+)+");
      List<String> next = new ArrayList<>();
      for (String path : found) {
        if (words) {
          for (String word : pattern.split("\\|", -1)) {
            next.add(path.replace(variables.group(), word));
          }
        } else {
          next.add(path.replace(variables.group(), "{" + variables.group(1) + "}"));
        }
      }
      found = next;
    }
    return found.stream().map(path -> (path + "/").replaceAll("/{2,}", "/")).toList();
  }

  /** The HTTP method that a Java method answers; empty for a method of another kind. */
  public static Optional<String> verb(Method method) {
    return Arrays.stream(method.getAnnotations())
        .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
        .filter(found -> found != null)
        .map(HttpMethod::value)
        .findFirst();
  }

  private void add(Class<?> resource) {
    Arrays.stream(resource.getMethods())
        .sorted(Comparator.comparing(Method::getName))
        .forEach(
            method ->
                verb(method)
                    .ifPresent(
                        verb ->
                            paths(resource, method).stream()
                                .filter(OpenApi::covers)
                                .forEach(path -> add(resource, method, verb, path))));
  }

  private void add(Class<?> resource, Method method, String verb, String path) {
    ObjectNode operation = JSON.objectNode();
    String noun = resource.getSimpleName().replace("Resource", "");
    String last = path.replaceAll("/$", "").replaceAll(".*/", "");
    boolean several = paths(resource, method).size() > 1;
    operation.put("operationId", noun + "_" + method.getName() + (several ? "_" + last : ""));
    operation.putArray("tags").add(noun);
    boolean open =
        method.isAnnotationPresent(Open.class) || resource.isAnnotationPresent(Open.class);
    if (open) {
      operation.putArray("security");
    }
    boolean asks = parameters(operation, method, path);
    boolean takes = body(operation, resource, method);
    ObjectNode responses = operation.putObject("responses");
    answers(responses, method);
    refusals(responses, verb, open, path.contains("{"), asks, takes);
    paths
        .computeIfAbsent(path, p -> JSON.objectNode())
        .set(verb.toLowerCase(Locale.ROOT), operation);
  }

  private boolean parameters(ObjectNode operation, Method method, String path) {
    ArrayNode parameters = JSON.arrayNode();
    for (Parameter parameter : method.getParameters()) {
      PathParam name = parameter.getAnnotation(PathParam.class);
      if (name != null && path.contains("{" + name.value() + "}")) {
        ObjectNode one = parameters.addObject();
        one.put("name", name.value()).put("in", "path").put("required", true);
        one.putObject("schema").put("type", "string").put("minLength", 1);
      }
    }
    int before = parameters.size();
    if (page(method)) {
      query(parameters, "limit", Query.Kind.NUMBER, false);
      query(parameters, "offset", Query.Kind.NUMBER, false);
    }
    for (Query query : method.getAnnotationsByType(Query.class)) {
      query(parameters, query.value(), query.kind(), query.many());
    }
    Header header = method.getAnnotation(Header.class);
    if (header != null) {
      ObjectNode one = parameters.addObject();
      one.put("name", header.value()).put("in", "header").put("required", false);
      one.putObject("schema").put("type", "string").put("pattern", header.pattern());
    }
    if (!parameters.isEmpty()) {
      operation.set("parameters", parameters);
    }
    return parameters.size() > before;
  }

  private static void query(ArrayNode parameters, String name, Query.Kind kind, boolean many) {
    ObjectNode one = parameters.addObject();
    one.put("name", name).put("in", "query").put("required", false);
    ObjectNode value =
        switch (kind) {
          case TEXT -> Schemas.kind("string");
          case ID -> Schemas.kind("string").put("format", "uuid");
          case FLAG -> Schemas.kind("boolean");
          case NUMBER ->
              Schemas.kind("integer").put("minimum", 0).put("maximum", Integer.MAX_VALUE);
        };
    if (many) {
      one.put("style", "form").put("explode", true);
      one.putObject("schema").put("type", "array").set("items", value);
    } else {
      one.set("schema", value);
    }
  }

  private boolean body(ObjectNode operation, Class<?> resource, Method method) {
    Optional<Parameter> entity =
        Arrays.stream(method.getParameters()).filter(OpenApi::isBody).findFirst();
    if (entity.isEmpty()) {
      return false;
    }
    Takes takes = method.getAnnotation(Takes.class);
    Class<?> type =
        takes == null || takes.value() == Void.class ? entity.get().getType() : takes.value();
    List<String> required = takes == null ? List.of() : List.of(takes.required());
    Consumes consumes =
        Optional.ofNullable(method.getAnnotation(Consumes.class))
            .orElse(resource.getAnnotation(Consumes.class));
    ObjectNode body = operation.putObject("requestBody");
    body.put("required", !required.isEmpty());
    ObjectNode content = body.putObject("content");
    for (String media :
        consumes == null ? new String[] {MediaType.APPLICATION_JSON} : consumes.value()) {
      content.putObject(media).set("schema", schemas.request(type, required));
    }
    return true;
  }

  private void answers(ObjectNode responses, Method method) {
    Answers[] declared = method.getAnnotationsByType(Answers.class);
    if (declared.length == 0) {
      if (method.getReturnType() == Response.class) {
        throw new IllegalStateException(method + " does not say what it answers");
      }
      response(responses, 200)
          .putObject("content")
          .putObject(MediaType.APPLICATION_JSON)
          .set("schema", schemas.answer(method.getGenericReturnType()));
    }
    for (Answers answer : declared) {
      ObjectNode response = response(responses, answer.status());
      if (!answer.media().isEmpty()) {
        response
            .withObject("/content")
            .putObject(answer.media())
            .putObject("schema")
            .put("type", "string");
      } else if (answer.value() != Void.class) {
        response
            .withObject("/content")
            .putObject(MediaType.APPLICATION_JSON)
            .set("schema", schemas.answer(answer.value(), List.of(answer.optional())));
      }
    }
  }

  /** What the frame around every method may answer; each status stands there by itself. */
  private static void refusals(
      ObjectNode responses, String verb, boolean open, boolean named, boolean asks, boolean takes) {
    boolean changes = !verb.equals("GET");
    if (asks || changes || takes) {
      ObjectNode schema = refusal(responses, 400);
      schema.removeAll();
      schema.putArray("anyOf").add(reference("FieldProblems")).add(reference("Detail"));
    }
    if (!open) {
      refusal(responses, 401);
      refusal(responses, 403);
    }
    if (named || ((asks || takes) && !open)) {
      // A query or a body may name what is not there as well.
      refusal(responses, 404);
    }
    if (changes || named) {
      refusal(responses, 409);
    }
    if (takes) {
      refusal(responses, 413);
      refusal(responses, 415);
    }
    refusal(responses, 406);
    if ((open && changes) || responses.at("/200/content").has(EVENTS)) {
      refusal(responses, 429);
    }
    if (!responses.has("503")) {
      refusal(responses, 503);
    }
  }

  private static ObjectNode refusal(ObjectNode responses, int status) {
    ObjectNode content = response(responses, status).putObject("content");
    ObjectNode json = content.putObject(MediaType.APPLICATION_JSON);
    json.set("schema", reference("Detail"));
    return (ObjectNode) json.get("schema");
  }

  private static ObjectNode response(ObjectNode responses, int status) {
    if (responses.get(String.valueOf(status)) instanceof ObjectNode known) {
      return known;
    }
    ObjectNode response = responses.putObject(String.valueOf(status));
    Response.Status known = Response.Status.fromStatusCode(status);
    return response.put("description", known == null ? "" + status : known.getReasonPhrase());
  }

  private static ObjectNode reference(String name) {
    return JSON.objectNode().put("$ref", "#/components/schemas/" + name);
  }

  private static boolean page(Method method) {
    Type type = method.getGenericReturnType();
    return type instanceof ParameterizedType generic && generic.getRawType() == Call.Page.class;
  }

  private static ObjectNode detail() {
    ObjectNode schema = Schemas.kind("object");
    ObjectNode members = schema.putObject("properties");
    members.putObject("detail").put("type", "string");
    members.putObject("code").put("type", "string");
    schema.putArray("required").add("detail").add("code");
    return schema.put("additionalProperties", false);
  }

  private static ObjectNode problem() {
    ObjectNode schema = Schemas.kind("object");
    ObjectNode members = schema.putObject("properties");
    members.putObject("message").put("type", "string");
    members.putObject("code").put("type", "string");
    schema.putArray("required").add("message").add("code");
    return schema.put("additionalProperties", false);
  }

  /** Fields with their problems, nested where fields are. */
  private static ObjectNode fieldProblems() {
    ObjectNode schema = Schemas.kind("object").put("minProperties", 1);
    ArrayNode either = schema.putObject("additionalProperties").putArray("anyOf");
    ObjectNode list = Schemas.kind("array").put("minItems", 1);
    list.set("items", reference("Problem"));
    either.add(list).add(reference("FieldProblems"));
    return schema;
  }

  /** Annotations that name where a parameter comes from; a body has none of them. */
  static boolean isBody(Parameter parameter) {
    for (Annotation annotation : parameter.getAnnotations()) {
      if (annotation.annotationType() == Context.class
          || annotation.annotationType().getName().startsWith("jakarta.ws.rs.")) {
        return false;
      }
    }
    return true;
  }
}
