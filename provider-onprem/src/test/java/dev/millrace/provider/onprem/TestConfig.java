package dev.millrace.provider.onprem;

import java.lang.annotation.Annotation;

/** A configuration as the framework would hand it over. */
@SuppressWarnings("ClassExplicitlyAnnotation")
record TestConfig(
    String[] machines,
    String folder,
    int slots,
    String[] runtimes,
    boolean processes_trusted,
    String ca_file)
    implements OnpremAccount.Config {

  TestConfig(String[] machines, String folder, int slots, String[] runtimes, String ca_file) {
    this(machines, folder, slots, runtimes, false, ca_file);
  }

  static TestConfig of(String... names) {
    return new TestConfig(names, "onprem", 0, new String[] {"process"}, false, "");
  }

  @Override
  public Class<? extends Annotation> annotationType() {
    return OnpremAccount.Config.class;
  }
}
