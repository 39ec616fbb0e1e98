package dev.millrace.spi.tck;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Accounts as the framework hands them to a plugin's constructor. */
public final class Accounts {
  private Accounts() {}

  /**
   * An account of that annotation type. A name is that of the annotation's method; what is not
   * named has its default.
   */
  public static <A extends Annotation> A of(Class<A> type, Map<String, ?> values) {
    Set<String> known =
        Arrays.stream(type.getDeclaredMethods()).map(Method::getName).collect(Collectors.toSet());
    for (String name : values.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(type.getName() + " has no value " + name);
      }
    }
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> value(type, method, values)));
  }

  private static Object value(Class<?> type, Method method, Map<String, ?> values) {
    if (method.getName().equals("annotationType")) {
      return type;
    }
    Object value = values.get(method.getName());
    return value != null
        ? value
        : Objects.requireNonNull(
            method.getDefaultValue(), method.getName() + " is required: it has no default");
  }
}
