package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether every store that a run will need is there. It is asked for sets of stores, not for runs:
 * what it costs does not grow with what waits.
 */
@Component(service = Readiness.class, immediate = true)
public final class Readiness {
  private static final Logger log = LoggerFactory.getLogger(Readiness.class);
  private static final long FRESH = Duration.ofSeconds(1).toNanos();
  private static final int MOST_KEPT = 10_000;
  private static final int AT_ONCE = 500;

  private record Row(Optional<DataStore> store, long readAt) {}

  private final Database database;
  private final Blobs blobs;
  private final LongSupplier nanos;
  private final Apart<ExecutionId> unnoted;
  private final Map<String, Set<StoreId>> sets = new ConcurrentHashMap<>();
  private final Map<StoreId, Row> rows = new ConcurrentHashMap<>();

  @Activate
  public Readiness(@Reference Database database, @Reference Blobs blobs) {
    this(database, blobs, System::nanoTime);
  }

  Readiness(Database database, Blobs blobs, LongSupplier nanos) {
    this.database = database;
    this.blobs = blobs;
    this.nanos = nanos;
    this.unnoted = new Apart<>(log, "execution", nanos);
  }

  /** Why runs that need these stores cannot start now, in words for users; empty if they can. */
  Optional<String> missing(String storeSet) {
    for (StoreId id : stores(storeSet)) {
      Optional<String> missing = missing(id);
      if (missing.isPresent()) {
        return missing;
      }
    }
    return Optional.empty();
  }

  /** Why that store cannot be used now. Nobody is asked over the network. */
  Optional<String> missing(StoreId id) {
    Row known = rows.get(id);
    if (known == null || nanos.getAsLong() - known.readAt() >= FRESH) {
      known =
          new Row(
              database.read(s -> s.dataStores().find(Leases.EVERYTHING, id)), nanos.getAsLong());
      if (rows.size() >= MOST_KEPT) {
        rows.clear();
      }
      rows.put(id, known);
    }
    return known.store().isEmpty()
        ? Optional.of("A data store that it needs is not configured any more.")
        : blobs.missing(known.store().get());
  }

  /** Works out and notes the sets of some of the group's runs that an older master queued. */
  void noteSome(EnvironmentId group) {
    for (ExecutionId id : database.read(s -> s.waiting().unnoted(group, AT_ONCE))) {
      unnoted.run(
          id,
          () ->
              database.transact(
                  s ->
                      s.executions()
                          .find(Leases.EVERYTHING, id)
                          .map(execution -> note(s, execution))));
    }
  }

  /** Works out which stores a run needs, and notes it with the run. */
  static String note(Session session, Execution execution) {
    Set<StoreId> stores = stores(session, execution);
    String set = name(stores);
    session.waiting().needs(execution.id(), set, stores);
    return set;
  }

  private Set<StoreId> stores(String set) {
    Set<StoreId> known = sets.get(set);
    if (known == null) {
      known = database.read(s -> s.waiting().stores(set));
      if (sets.size() >= MOST_KEPT) {
        sets.clear();
      }
      sets.put(set, known);
    }
    return known;
  }

  private static Set<StoreId> stores(Session session, Execution execution) {
    Set<DatumId> data = new LinkedHashSet<>();
    for (ExecutionInput input : execution.spec().inputs()) {
      for (InputFile file : input.files()) {
        file.datum().ifPresent(data::add);
      }
    }
    Set<StoreId> ids = new LinkedHashSet<>(session.waiting().storesOf(data));
    ids.add(execution.spec().uploadStore());
    session
        .commits()
        .find(Leases.EVERYTHING, execution.spec().commit())
        .flatMap(Commit::archive)
        .map(CodeArchive::store)
        .ifPresent(ids::add);
    return ids;
  }

  static String name(Set<StoreId> stores) {
    String text =
        new TreeSet<>(stores.stream().map(StoreId::toString).toList())
            .stream().collect(Collectors.joining(" "));
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
