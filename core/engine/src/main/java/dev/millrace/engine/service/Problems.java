package dev.millrace.engine.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects what is wrong with a request, so that the answer names everything at once. */
public final class Problems {
  private final Map<String, List<Problem>> fields = new LinkedHashMap<>();

  /** Notes one problem of one field. */
  public Problems add(String field, String message, String code) {
    fields.computeIfAbsent(field, f -> new ArrayList<>()).add(new Problem(message, code));
    return this;
  }

  /** Notes a problem unless {@code good}. */
  public Problems check(boolean good, String field, String message, String code) {
    return good ? this : add(field, message, code);
  }

  /**
   * Notes a problem unless {@code text} has between one and {@code longest} characters, none of
   * them a control character.
   */
  public Problems text(String field, String text, int longest) {
    check(!text.isBlank(), field, "This field may not be blank", "blank");
    check(
        text.chars().noneMatch(Character::isISOControl),
        field,
        "No control characters are allowed",
        "invalid");
    return upTo(field, text, longest);
  }

  /** Notes a problem if {@code text} is longer than {@code longest}. */
  public Problems upTo(String field, String text, int longest) {
    return check(
        text.length() <= longest,
        field,
        "At most " + longest + " characters are allowed; this has " + text.length(),
        "max_length");
  }

  public boolean any() {
    return !fields.isEmpty();
  }

  /** Throws {@link Invalid} with everything noted, if anything was. */
  public void throwIfAny() {
    if (any()) {
      throw new Invalid(fields);
    }
  }
}
