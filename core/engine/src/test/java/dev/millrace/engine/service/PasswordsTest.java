package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Secret;
import org.junit.jupiter.api.Test;

final class PasswordsTest {
  private final Passwords passwords = new Passwords(1_000);

  @Test
  void onlyTheRightPasswordMatches() {
    String stored = passwords.hash(Secret.of("correct horse"));
    assertTrue(passwords.matches(Secret.of("correct horse"), stored));
    assertFalse(passwords.matches(Secret.of("correct horsf"), stored));
    assertFalse(stored.contains("correct"), "the text must not show the password");
  }

  @Test
  void onePasswordIsNeverKeptTwiceAsTheSameText() {
    assertNotEquals(passwords.hash(Secret.of("same word")), passwords.hash(Secret.of("same word")));
  }

  @Test
  void aHashWithOtherRoundsStillMatches() {
    String old = new Passwords(500).hash(Secret.of("from long ago"));
    assertTrue(passwords.matches(Secret.of("from long ago"), old));
  }

  @Test
  void shortPasswordsAreRefusedAndGeneratedOnesAreNot() {
    Problems problems = new Problems();
    passwords.check(problems, Secret.of("123456789"));
    assertTrue(problems.any());
    Problems none = new Problems();
    Secret generated = passwords.generate();
    passwords.check(none, generated);
    assertFalse(none.any());
    assertEquals(24, generated.reveal().length());
  }
}
