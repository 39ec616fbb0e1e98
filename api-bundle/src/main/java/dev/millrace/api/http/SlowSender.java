package dev.millrace.api.http;

/**
 * What came over one connection since its last request began. A client is too slow that has sent
 * for 30 s, in several pieces, and less than 1 KiB for each second: no program does so but to hold
 * a connection. One that waits for its answer sends nothing and is never too slow.
 *
 * @param requests that have begun by now
 * @param before bytes that had come when the last one began
 * @param bytes that have come by now
 * @param since the second in which the first of those since then came; 0 for none yet
 * @param pieces looks that found more bytes than the look before
 * @param grew whether the last look did
 */
record SlowSender(long requests, long before, long bytes, long since, int pieces, boolean grew) {
  static final long DEADLINE_SECONDS = 30;
  static final long BYTES_A_SECOND = 1_024;
  private static final int PIECES = 3;

  static final SlowSender FRESH = new SlowSender(0, 0, 0, 0, 0, false);

  /** After a further look at the connection. */
  SlowSender next(long requestsNow, long bytesNow, long second) {
    if (requestsNow != requests) {
      return new SlowSender(requestsNow, bytesNow, bytesNow, second, 0, false);
    }
    if (bytesNow == bytes) {
      return new SlowSender(requests, before, bytes, since, pieces, false);
    }
    // Bytes after a pause belong to what begins now: the next request's headers, say.
    return new SlowSender(
        requests, before, bytesNow, pieces == 0 ? second : since, pieces + 1, true);
  }

  boolean tooSlow(long second) {
    long seconds = second - since;
    return grew
        && pieces >= PIECES
        && seconds >= DEADLINE_SECONDS
        && bytes - before < seconds * BYTES_A_SECOND;
  }
}
