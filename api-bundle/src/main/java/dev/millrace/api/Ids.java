package dev.millrace.api;

import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.NotFound;
import java.util.function.Function;

/** Reads ids that clients write. */
final class Ids {
  private Ids() {}

  /** From a query or body; {@link Invalid} names the field. */
  static ProjectId project(String field, String text) {
    return parse(field, text, ProjectId::parse);
  }

  /** From a query or body; {@link Invalid} names the field. */
  static ExecutionId execution(String field, String text) {
    return parse(field, text, ExecutionId::parse);
  }

  /** From a query or body; {@link Invalid} names the field. */
  static StoreId store(String field, String text) {
    return parse(field, text, StoreId::parse);
  }

  /** From a query or body; {@link Invalid} names the field. */
  static DatumId datum(String field, String text) {
    return parse(field, text, DatumId::parse);
  }

  /** From a path: what is no id names no project. */
  static ProjectId projectInPath(String text) {
    try {
      return ProjectId.parse(text);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Project");
    }
  }

  private static <T> T parse(String field, String text, Function<String, T> parser) {
    try {
      return parser.apply(text.trim());
    } catch (IllegalArgumentException e) {
      throw Invalid.field(
          field, "This is no id; an id has 32 hexadecimal digits with hyphens", "invalid");
    }
  }
}
