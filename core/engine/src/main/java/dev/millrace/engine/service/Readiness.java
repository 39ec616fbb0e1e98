package dev.millrace.engine.service;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.plugins.GuardedStore;
import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.engine.plugins.Plugins;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Slice;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.storage.BlobKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Whether this master can do its work: the database, the queue and the shared stores are asked, and
 * each has three seconds to answer. It needs {@link FirstStart}: before that nobody could log in.
 */
@Component(service = Readiness.class, immediate = true)
public final class Readiness {
  private static final Duration TIME = Duration.ofSeconds(3);
  private static final int MOST_STORES = 20;
  private static final int MOST_WORKERS = 100;
  private static final int THREADS = 4;
  private static final BlobKey PROBE = new BlobKey("millrace-ready");

  private final Database database;
  private final Queue queue;
  private final Plugins plugins;
  private final ExecutorService threads;

  @Activate
  public Readiness(
      @Reference Database database,
      @Reference Queue queue,
      @Reference Plugins plugins,
      @Reference FirstStart started) {
    this.database = database;
    this.queue = queue;
    this.plugins = plugins;
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(THREADS * 4),
            body -> {
              Thread thread = new Thread(body, "readiness");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    this.threads = pool;
  }

  @Deactivate
  void stop() {
    threads.shutdownNow();
  }

  /** What was asked, in order, and what is wrong with it; an empty reason: it answered. */
  public Map<String, Optional<String>> check() {
    Map<String, Optional<String>> answers = new LinkedHashMap<>();
    Optional<String> data = ask("the database", this::database);
    answers.put("database", data);
    answers.put("queue", ask("the queue", this::queue));
    if (data.isPresent()) {
      answers.put("store", Optional.of("the database must answer first"));
    } else {
      answers.put("store", ask("the store", this::stores));
    }
    return answers;
  }

  /**
   * What somebody should know of although this master does its work: workers that can run nothing.
   */
  public Map<String, String> notices() {
    Optional<String> workers = ask("the workers", this::idleWorkers);
    return workers.map(words -> Map.of("workers", words)).orElse(Map.of());
  }

  private Optional<String> idleWorkers() {
    return database.read(
        session ->
            session.workers().list(Optional.empty(), MOST_WORKERS).stream()
                .filter(w -> w.removedAt().isEmpty() && w.runtimes().isEmpty())
                .flatMap(w -> w.trouble().map(said -> w.name() + ": " + said).stream())
                .findFirst());
  }

  private Optional<String> database() {
    if (!database.answers()) {
      return Optional.of("the database does not answer");
    }
    return database.writable()
        ? Optional.empty()
        : Optional.of("the database takes no changes (it is read-only); make it writable again");
  }

  private Optional<String> queue() throws InterruptedException {
    queue.await(Long.MAX_VALUE, Duration.ofMillis(1));
    return Optional.empty();
  }

  private Optional<String> stores() {
    List<DataStore> shared =
        database.read(
            session ->
                session
                    .dataStores()
                    .list(new Scope.Everything(), Slice.first(MOST_STORES))
                    .items()
                    .stream()
                    .filter(s -> s.owner().isEmpty())
                    .toList());
    List<String> reasons = new ArrayList<>();
    for (DataStore store : shared) {
      Optional<GuardedStore> plugin = plugins.store(store.plugin());
      if (plugin.isEmpty()) {
        reasons.add(text(plugins.missing(PluginInfo.Kind.STORE, store.plugin())));
        continue;
      }
      try {
        plugin.get().stat(PROBE);
      } catch (PluginException | PluginMissing e) {
        reasons.add("store " + store.name() + ": " + text(e));
      }
    }
    return reasons.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", reasons));
  }

  private Optional<String> ask(String what, Callable<Optional<String>> question) {
    Future<Optional<String>> answer;
    try {
      answer = threads.submit(question);
    } catch (RejectedExecutionException e) {
      return Optional.of("earlier questions to " + what + " are still unanswered");
    }
    try {
      return answer.get(TIME.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      answer.cancel(true);
      return Optional.of(what + " did not answer within " + TIME.toSeconds() + " s");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      return Optional.of(what + " failed: " + (cause == null ? e.getMessage() : text(cause)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.of("asking " + what + " was interrupted");
    }
  }

  private static String text(Throwable failure) {
    return Optional.ofNullable(failure.getMessage()).orElse(failure.getClass().getSimpleName());
  }
}
