package dev.millrace.api.openapi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A header that a method reads by itself. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Header {
  String value();

  /** What the whole text must match, as a regular expression of JSON schemas. */
  String pattern();
}
