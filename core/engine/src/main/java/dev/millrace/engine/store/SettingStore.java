package dev.millrace.engine.store;

import java.util.Optional;

/** Single values of the installation, and who leads a loop. */
public interface SettingStore {
  Optional<String> get(String name);

  /** Stores the value unless there is one, and returns the stored one. */
  String putIfAbsent(String name, String value);

  void put(String name, String value);

  /** Who leads that loop and at which beat; empty if nobody ever did. */
  Optional<Lead> lead(String loop);

  /** Raises the leader's own beat; false if somebody else leads. */
  boolean beat(String loop, String leader);

  /**
   * Takes over from a leader whose row is still exactly {@code seen} (empty: nobody leads); false
   * if it is not.
   */
  boolean takeOver(String loop, Optional<Lead> seen, String leader);

  /** Gives a lead back; false if somebody else leads. */
  boolean resign(String loop, String leader);

  /** Who leads, with the beat that changes while it lives. */
  record Lead(String leader, long beat) {}
}
