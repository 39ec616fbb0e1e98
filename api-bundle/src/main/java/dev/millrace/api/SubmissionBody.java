package dev.millrace.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.service.Problems;
import dev.millrace.engine.service.Submission;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Reads the body of a new execution: JSON, or a form whose maps are JSON texts. Collects everything
 * that is of the wrong kind; what values mean is the engine's to judge.
 */
final class SubmissionBody {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Numbers that are longer are out of every range, and slow to read. */
  private static final int MOST_DIGITS = 40;

  private final ObjectNode body;
  private final Problems problems = new Problems();

  private SubmissionBody(ObjectNode body) {
    this.body = body;
  }

  static Submission read(ObjectNode body) {
    return new SubmissionBody(body).submission();
  }

  private Submission submission() {
    Optional<ProjectId> project = text("project").flatMap(this::project);
    Optional<String> commit = required("commit");
    Optional<String> step = required("step");
    if (!body.hasNonNull("project")) {
      problems.add("project", "This field is required", "required");
    }
    Map<String, List<String>> inputs = inputs();
    Map<String, JsonNode> parameters = object("parameters");
    Map<String, Submission.Variable> variables = variables();
    Optional<List<String>> command =
        body.hasNonNull("command") ? Optional.of(texts("command")) : Optional.empty();
    OptionalLong timeLimit = whole("time_limit", 0, Long.MAX_VALUE);
    int priority = (int) whole("priority", Integer.MIN_VALUE, Integer.MAX_VALUE).orElse(0);
    List<String> tags = texts("tags");
    Optional<List<String>> groups =
        body.hasNonNull("environment_variable_groups")
            ? Optional.of(texts("environment_variable_groups"))
            : Optional.empty();
    boolean inherit = flag("inherit_environment_variables", true);
    Map<String, JsonNode> runtime = object("runtime_config");
    Optional<String> image = text("image");
    Optional<String> title = text("title");
    Optional<String> environment = text("environment");
    Optional<String> preset = text("runtime_config_preset");
    problems.throwIfAny();
    return new Submission(
        project.orElseThrow(),
        commit.orElseThrow(),
        step.orElseThrow(),
        command,
        image,
        title.map(String::strip).filter(t -> !t.isEmpty()),
        environment,
        inputs,
        parameters,
        variables,
        tags,
        priority,
        timeLimit,
        runtime,
        groups,
        inherit,
        preset);
  }

  private Optional<ProjectId> project(String text) {
    try {
      return Optional.of(ProjectId.parse(text.strip()));
    } catch (IllegalArgumentException e) {
      problems.add("project", "This is no project id", "invalid");
      return Optional.empty();
    }
  }

  private Optional<String> required(String field) {
    Optional<String> text = text(field).map(String::strip).filter(t -> !t.isEmpty());
    if (text.isEmpty()) {
      problems.add(field, "This field is required", "required");
    }
    return text;
  }

  private Optional<String> text(String field) {
    JsonNode node = body.path(field);
    if (node.isMissingNode() || node.isNull()) {
      return Optional.empty();
    }
    if (!node.isTextual()) {
      problems.add(field, "Give a text", "invalid");
      return Optional.empty();
    }
    return Optional.of(node.asText());
  }

  /** A list of texts; one text alone is a list of one. */
  private List<String> texts(String field) {
    return texts(field, body.path(field));
  }

  private List<String> texts(String field, JsonNode given) {
    JsonNode node = parsed(field, given, '[');
    List<String> texts = new ArrayList<>();
    if (node.isTextual()) {
      texts.add(node.asText());
    } else if (node.isArray()) {
      for (JsonNode item : node) {
        if (item.isTextual()) {
          texts.add(item.asText());
        } else {
          problems.add(field, "Give a list of texts", "invalid");
          return texts;
        }
      }
    } else if (!node.isMissingNode() && !node.isNull()) {
      problems.add(field, "Give a list of texts", "invalid");
    }
    return texts;
  }

  private Map<String, JsonNode> object(String field) {
    JsonNode node = parsed(field, body.path(field), '{');
    Map<String, JsonNode> values = new LinkedHashMap<>();
    if (node.isObject()) {
      node.properties().forEach(entry -> values.put(entry.getKey(), entry.getValue()));
    } else if (!node.isMissingNode() && !node.isNull()) {
      problems.add(field, "Give an object of names and values", "invalid");
    }
    return values;
  }

  private Map<String, List<String>> inputs() {
    Map<String, List<String>> inputs = new LinkedHashMap<>();
    object("inputs")
        .forEach(
            (name, value) -> {
              if (!value.isNull()) {
                inputs.put(name, texts("inputs." + name, value));
              }
            });
    return inputs;
  }

  /** Names and values, or a list of {@code {name, value, secret}}. */
  private Map<String, Submission.Variable> variables() {
    String field = "environment_variables";
    Map<String, Submission.Variable> variables = new LinkedHashMap<>();
    JsonNode node = parsed(field, parsed(field, body.path(field), '{'), '[');
    if (node.isArray()) {
      for (JsonNode item : node) {
        if (item.path("name").isTextual()) {
          variable(item.path("name").asText(), item, variables);
        } else {
          problems.add(field, "Each item of the list needs a name", "invalid");
        }
      }
    } else {
      object(field).forEach((name, value) -> variable(name, value, variables));
    }
    return variables;
  }

  private void variable(String name, JsonNode given, Map<String, Submission.Variable> variables) {
    JsonNode value = given.isObject() ? given.path("value") : given;
    if (value.isMissingNode() || value.isNull()) {
      return;
    }
    if (value.isContainerNode()) {
      problems.add("environment_variables." + name, "Give a text", "invalid");
      return;
    }
    variables.put(
        name,
        new Submission.Variable(
            Secret.of(value.asText()), given.isObject() && given.path("secret").asBoolean(false)));
  }

  private boolean flag(String field, boolean standard) {
    JsonNode node = body.path(field);
    if (node.isMissingNode() || node.isNull()) {
      return standard;
    }
    String word = node.isValueNode() ? node.asText().strip().toLowerCase(Locale.ROOT) : "";
    if (!Set.of("true", "false").contains(word)) {
      problems.add(field, "Give true or false", "invalid");
    }
    return word.equals("true");
  }

  private OptionalLong whole(String field, long least, long most) {
    JsonNode node = body.path(field);
    if (node.isMissingNode() || node.isNull()) {
      return OptionalLong.empty();
    }
    try {
      // Older clients send whole numbers as 3600.0, forms send them as text.
      String digits = node.isValueNode() ? node.asText().strip() : "";
      long value =
          new java.math.BigDecimal(digits.length() <= MOST_DIGITS ? digits : "").longValueExact();
      if (value >= least && value <= most) {
        return OptionalLong.of(value);
      }
    } catch (ArithmeticException | NumberFormatException e) {
      // Answered below, as a number out of range is.
    }
    problems.add(field, "Give a whole number of at least " + least, "invalid");
    return OptionalLong.empty();
  }

  /** A form has no maps and lists, so that they come as JSON texts. */
  private JsonNode parsed(String field, JsonNode node, char opening) {
    if (!node.isTextual() || !node.asText().strip().startsWith(String.valueOf(opening))) {
      return node;
    }
    try {
      JsonNode parsed = JSON.readTree(node.asText());
      return parsed.isContainerNode() ? parsed : node;
    } catch (JsonProcessingException e) {
      if (opening == '{') {
        problems.add(field, "This looks like JSON but cannot be read", "invalid");
      }
      return node;
    }
  }
}
