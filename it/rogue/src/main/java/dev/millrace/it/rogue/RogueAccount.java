package dev.millrace.it.rogue;

/** The account of a rogue plugin: what it does wrong, and where it tells of it. */
public @interface RogueAccount {
  String mode();

  String folder();
}
