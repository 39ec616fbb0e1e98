package dev.millrace.registry.docker;

import java.lang.annotation.Annotation;

/** A configuration as the framework would hand it over. */
@SuppressWarnings("ClassExplicitlyAnnotation")
record TestConfig(
    String[] hosts, String username, String _password, boolean plain_http, String ca_file)
    implements DockerRegistry.Config {

  @Override
  public Class<? extends Annotation> annotationType() {
    return DockerRegistry.Config.class;
  }
}
