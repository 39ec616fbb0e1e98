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
import java.util.function.IntFunction;
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

  /**
   * All that the execution has put out, oldest first; the actor may see it. The first stretch is
   * read where single rows are, since it is no more than some of those: whoever follows one run
   * waits for nobody's lists.
   */
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
    Keys<DatumId> first =
        database.read(session -> session.data().keys(ALL, filter, Slice.first(Stretch.MOST_KEYS)));
    return new Listing<>(
        all,
        first.total(),
        (int) Math.min(first.total(), all.limit()),
        new OutputReader(first.keys(), filter, all));
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

  /** Finds the keys beyond the first stretch only where somebody reads so far. */
  private final class OutputReader implements IntFunction<Stretch<DatumView>> {
    private final DatumFilter filter;
    private final Slice all;
    private List<DatumId> keys;
    private boolean complete;

    OutputReader(List<DatumId> first, DatumFilter filter, Slice all) {
      this.keys = first;
      this.filter = filter;
      this.all = all;
    }

    @Override
    public Stretch<DatumView> apply(int from) {
      if (from == 0) {
        return database.read(session -> read(session, keys));
      }
      if (from >= keys.size() && !complete) {
        keys = database.listOn(session -> session.data().keys(ALL, filter, all)).keys();
        complete = true;
      }
      if (from >= keys.size()) {
        // Rows were removed meanwhile.
        return new Stretch<>(List.of(), Stretch.MOST_KEYS);
      }
      List<DatumId> some = keys.subList(from, Math.min(keys.size(), from + Stretch.MOST_KEYS));
      return database.listOn(session -> read(session, some));
    }
  }
}
