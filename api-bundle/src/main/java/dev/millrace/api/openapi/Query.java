package dev.millrace.api.openapi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A query parameter that a method reads. Those of paging are known from its answer. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Repeatable(Query.Several.class)
public @interface Query {
  String value();

  Kind kind() default Kind.TEXT;

  /** Whether it may be repeated, which means one or the other. */
  boolean many() default false;

  /** What may be read. */
  enum Kind {
    TEXT,
    ID,
    FLAG,
    NUMBER
  }

  /** The query parameters of one method. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface Several {
    Query[] value();
  }
}
