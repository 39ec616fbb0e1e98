package dev.millrace.api.http;

import java.util.HashMap;
import java.util.Map;

/**
 * How many requests may wait for the rest of their bodies at once: each holds a thread, and others
 * need some, too.
 */
final class SlowBodies {
  /** Of the server's 200 threads. */
  static final int ALL = 150;

  static final int OF_ADDRESS = 100;

  private final Map<String, Integer> waiting = new HashMap<>();
  private int all;

  /** Takes a place for a client of that address, if there is one. */
  synchronized boolean enter(String address) {
    if (all >= ALL || waiting.getOrDefault(address, 0) >= OF_ADDRESS) {
      return false;
    }
    all++;
    waiting.merge(address, 1, Integer::sum);
    return true;
  }

  /** Gives a place back. */
  synchronized void leave(String address) {
    all--;
    waiting.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
  }
}
