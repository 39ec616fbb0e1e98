package dev.millrace.source.git;

import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Lets only so many at once do something to one thing, and forgets things that nobody uses. */
final class Turns {
  private record Place(Semaphore permits, int users) {}

  private final Map<String, Place> places = new ConcurrentHashMap<>();

  /** A turn, to be given back by closing it. */
  interface Turn extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits for a turn; {@code SourceException} UNAVAILABLE if none comes in time. */
  Turn take(String thing, int most, Duration patience) throws SourceException {
    Place place =
        places.compute(
            thing,
            (t, known) ->
                known == null
                    ? new Place(new Semaphore(most), 1)
                    : new Place(known.permits(), known.users() + 1));
    boolean taken = false;
    try {
      taken = place.permits().tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(Code.UNAVAILABLE, "interrupted", e);
    } finally {
      if (!taken) {
        leave(thing);
      }
    }
    if (!taken) {
      throw new SourceException(
          Code.UNAVAILABLE,
          "other fetches of this "
              + thing.substring(0, thing.indexOf(' '))
              + " are under way; try again when they are done");
    }
    return () -> {
      place.permits().release();
      leave(thing);
    };
  }

  private void leave(String thing) {
    places.computeIfPresent(
        thing,
        (t, known) -> known.users() == 1 ? null : new Place(known.permits(), known.users() - 1));
  }
}
