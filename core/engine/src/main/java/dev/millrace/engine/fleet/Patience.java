package dev.millrace.engine.fleet;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/** How long a provider that said no is left alone: 2 s, doubled up to a minute, with jitter. */
final class Patience {
  private static final Duration FIRST = Duration.ofSeconds(2);
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private record Pause(int refusals, long until) {}

  private final Map<String, Pause> pauses = new HashMap<>();

  boolean mayAsk(String what, long nanos) {
    Pause pause = pauses.get(what);
    return pause == null || pause.until() - nanos <= 0;
  }

  /** It said no; {@code atLeast} is how long it asked to be left alone. */
  void refused(String what, Duration atLeast, long nanos) {
    int refusals = pauses.containsKey(what) ? pauses.get(what).refusals() + 1 : 1;
    long pause = Math.min(LONGEST.toNanos(), FIRST.toNanos() << Math.min(refusals - 1, 10));
    long jitter = ThreadLocalRandom.current().nextLong(pause / 4 + 1);
    pauses.put(what, new Pause(refusals, nanos + Math.max(pause - jitter, atLeast.toNanos())));
  }

  void granted(String what) {
    pauses.remove(what);
  }
}
