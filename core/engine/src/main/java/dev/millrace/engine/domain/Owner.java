package dev.millrace.engine.domain;

/** Whom rows belong to. Names of users and organisations are unique among both. */
public sealed interface Owner permits User, Organization {
  OwnerId id();

  /** The name that owner strings and project paths print. */
  String name();
}
