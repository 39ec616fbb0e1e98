package dev.millrace.api.openapi;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a request's body must have, beyond what the parameter's type says. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Takes {
  /** A record that describes the body, where the method reads it in another form. */
  Class<?> value() default Void.class;

  /** Members without which the request is refused. */
  String[] required() default {};
}
