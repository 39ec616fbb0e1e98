package dev.millrace.api.openapi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a method answers where its return type does not say it. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@Repeatable(Answers.Several.class)
public @interface Answers {
  int status() default 200;

  /** The record that is written as JSON; {@code Void} for no body. */
  Class<?> value() default Void.class;

  /** Another media type than JSON, whose body has no schema. */
  String media() default "";

  /** Members that may be missing. */
  String[] optional() default {};

  /** The answers of one method. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface Several {
    Answers[] value();
  }
}
