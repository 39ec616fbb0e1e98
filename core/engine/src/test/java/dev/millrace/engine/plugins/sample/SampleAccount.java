package dev.millrace.engine.plugins.sample;

/** The account of the plugin that HotPlugTest drops in. */
public @interface SampleAccount {
  String greeting();

  boolean fail() default false;

  String _token() default "";
}
