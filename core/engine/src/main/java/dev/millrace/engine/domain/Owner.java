package dev.millrace.engine.domain;

/** Whom rows belong to. Names of users, organisations and teams are unique among all. */
public sealed interface Owner permits User, Organization, Team {
  OwnerId id();

  /** The name that owner strings and project paths print. */
  String name();
}
