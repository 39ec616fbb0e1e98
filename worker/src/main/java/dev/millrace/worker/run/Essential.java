package dev.millrace.worker.run;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads without which a worker only looks alive. When one breaks, the process ends: who started
 * it starts it again, and the next worker takes up its runs.
 */
public final class Essential {
  private static final Logger LOG = LoggerFactory.getLogger(Essential.class);
  private static final int BROKEN = 1;

  private Essential() {}

  /** Starts a thread of that kind. */
  public static Thread start(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.setUncaughtExceptionHandler((broken, e) -> end(broken.getName(), e));
    thread.start();
    return thread;
  }

  /** Ends the worker because that thread has broken. */
  public static void end(String name, Throwable e) {
    try {
      LOG.error("worker ends, as its thread broke; it is to be started again thread={}", name, e);
    } finally {
      Runtime.getRuntime().halt(BROKEN);
    }
  }
}
