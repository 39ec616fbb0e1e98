package dev.millrace.engine.service;

import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.Execution;
import java.util.List;
import java.util.Optional;

/**
 * A tracked file, with the execution that made it and the store that it is in.
 *
 * @param aliases that name it now
 * @param execution number of the execution within its project; empty for a file of no execution
 */
public record DatumView(
    Datum datum, Optional<Integer> execution, Optional<DataStore> store, List<String> aliases) {
  static DatumView output(
      Datum datum, Execution execution, Optional<DataStore> store, List<String> aliases) {
    return new DatumView(datum, Optional.of(execution.counter()), store, aliases);
  }
}
