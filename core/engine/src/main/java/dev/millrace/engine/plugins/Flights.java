package dev.millrace.engine.plugins;

import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The threads on which calls into one plugin run, and the calls that run now. */
final class Flights {
  /** Where a call's trace id is in the log's context. */
  static final String TRACE = "trace";

  private static final Logger LOG = LoggerFactory.getLogger(Flights.class);

  private final String name;
  private final ExecutorService threads;
  private final Set<Flight<?>> running = ConcurrentHashMap.newKeySet();
  private final AtomicInteger abandoned = new AtomicInteger();

  Flights(String name) {
    this.name = name;
    AtomicInteger number = new AtomicInteger();
    // The guard's permits bound the threads. They inherit nothing from the thread that happens to
    // call.
    this.threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            body -> {
              Thread thread =
                  new Thread(null, body, name + " " + number.incrementAndGet(), 0, false);
              thread.setDaemon(true);
              thread.setContextClassLoader(null);
              return thread;
            });
  }

  /**
   * Runs a call under the plugin's class loader and a trace id; {@code landed} is told when it is
   * over, however it ended. RejectedExecutionException after {@link #giveUp}.
   */
  <T> Flight<T> start(
      String verb,
      @Nullable ClassLoader loader,
      String trace,
      Callable<T> body,
      Consumer<Flight<?>> landed) {
    Flight<T> flight =
        new Flight<>(
            () -> within(loader, trace, body),
            abandoned::incrementAndGet,
            over -> {
              running.remove(over);
              if (over.isGivenUp()) {
                int left = abandoned.decrementAndGet();
                LOG.info("event=plugin-late plugin={} verb={} left={}", name, verb, left);
              }
              landed.accept(over);
            });
    running.add(flight);
    try {
      threads.execute(flight);
      return flight;
    } catch (RejectedExecutionException e) {
      running.remove(flight);
      throw e;
    }
  }

  private static <T> T within(@Nullable ClassLoader loader, String trace, Callable<T> body)
      throws Exception {
    Thread thread = Thread.currentThread();
    thread.setContextClassLoader(loader);
    MDC.put(TRACE, trace);
    try {
      return body.call();
    } finally {
      MDC.clear();
      thread.setContextClassLoader(null);
    }
  }

  /** How many calls run now. */
  int running() {
    return running.size();
  }

  /** How many calls were given up and run on all the same. */
  int abandoned() {
    return abandoned.get();
  }

  /** Interrupts and gives up what runs; nothing starts any more. */
  void giveUp() {
    running.forEach(Flight::giveUp);
    threads.shutdownNow();
  }
}
