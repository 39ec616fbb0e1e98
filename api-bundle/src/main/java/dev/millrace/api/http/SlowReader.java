package dev.millrace.api.http;

/**
 * How fast a client takes an answer that waits for it. Each such answer holds a thread of the
 * server.
 *
 * @param since the second since which it has been waited for; -1 where it is not
 * @param before bytes that had been sent then
 * @param bytes bytes that have been sent by now
 */
record SlowReader(long since, long before, long bytes) {
  static final long DEADLINE_SECONDS = 60;
  static final long BYTES_A_SECOND = 1_024;

  /** Of the server's 200 threads: where more wait for slow readers, they need not wait so long. */
  static final int MOST = 80;

  static final long SHORT_DEADLINE_SECONDS = 5;

  static final SlowReader FRESH = new SlowReader(-1, 0, 0);

  /** After a further look at the connection. */
  SlowReader next(boolean waitedFor, long sent, long second) {
    if (!waitedFor) {
      return FRESH;
    }
    boolean fast =
        since >= 0
            && second - since >= DEADLINE_SECONDS
            && sent - before >= (second - since) * BYTES_A_SECOND;
    return since < 0 || fast
        ? new SlowReader(second, sent, sent)
        : new SlowReader(since, before, sent);
  }

  boolean slowFor(long seconds, long second) {
    return since >= 0
        && second - since >= seconds
        && bytes - before < (second - since) * BYTES_A_SECOND;
  }
}
