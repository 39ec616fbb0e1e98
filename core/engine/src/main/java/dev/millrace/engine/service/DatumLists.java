package dev.millrace.engine.service;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Lists of data with their surroundings, read a stretch at a time. */
final class DatumLists {
  private static final Scope ALL = new Scope.Everything();

  private final Database database;
  private final Clock clock;

  DatumLists(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
  }

  /** All that the execution has put out, oldest first; the actor may see it. */
  Listing<DatumView> outputs(Execution execution) {
    DatumFilter filter =
        new DatumFilter(
            Optional.empty(),
            Optional.of(execution.id()),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false);
    Slice all = Slice.first(Slice.MAX_LIMIT);
    return of(all, database.list(session -> session.data().keys(ALL, filter, all)));
  }

  Listing<DatumView> of(Slice slice, Keys<DatumId> keys) {
    return Listing.of(slice, keys, some -> database.list(session -> read(session, some)));
  }

  private Stretch<DatumView> read(Session session, List<DatumId> keys) {
    Stretch<Datum> data = session.data().read(keys);
    Set<ExecutionId> sources =
        data.rows().stream()
            .flatMap(datum -> datum.outputOf().stream())
            .collect(Collectors.toSet());
    Map<ExecutionId, Integer> counters = session.executions().counters(sources);
    Map<DatumId, List<String>> aliases = ExecutionViews.aliases(session, data.rows());
    ExecutionViews views = new ExecutionViews(session, clock);
    return data.map(
        datum ->
            new DatumView(
                datum,
                datum.outputOf().map(counters::get),
                views.store(datum.store()),
                aliases.getOrDefault(datum.id(), List.of())));
  }
}
