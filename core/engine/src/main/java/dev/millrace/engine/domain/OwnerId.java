package dev.millrace.engine.domain;

/** Names a user, an organisation or a team: the three share one integer sequence. */
public record OwnerId(int value) {
  @Override
  public String toString() {
    return Integer.toString(value);
  }
}
