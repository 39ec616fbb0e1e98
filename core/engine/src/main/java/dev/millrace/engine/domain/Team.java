package dev.millrace.engine.domain;

import java.time.Instant;

/**
 * Some members of an organisation, with projects of their own and such that were given to them.
 *
 * @param name as owner strings print it: {@code organization:team}
 * @param deleted nobody sees it any more, and its name is free
 */
public record Team(
    OwnerId id, OwnerId organization, String name, boolean deleted, Instant createdAt, long version)
    implements Owner {
  /** The name within its organisation. */
  public String shortName() {
    return name.substring(name.indexOf(':') + 1);
  }
}
