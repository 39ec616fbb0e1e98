package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.transfer.AddressRange;
import dev.millrace.worker.transfer.InputCache;
import dev.millrace.worker.wire.Master;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What all runs of a worker share.
 *
 * @param runtimes the runtimes that the operator allows, by their names on the wire
 * @param store sends signed requests, to wherever the master says
 * @param inputs makes a client for plain inputs that reaches loopback and link-local only in ranges
 */
public record RunContext(
    Master master,
    ObjectMapper json,
    Clock clock,
    Map<String, RunRuntime> runtimes,
    HttpClient store,
    Function<List<AddressRange>, HttpClient> inputs,
    InputCache cache,
    Disk disk,
    Trash trash,
    Readings readings) {

  /** Why allowed runtimes take no runs, or null. */
  public @Nullable String trouble() {
    String words =
        runtimes.values().stream()
            .map(RunRuntime::trouble)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(" "));
    return words.isEmpty() ? null : words;
  }

  /** The runtimes that could start a run now, by their names on the wire. */
  public List<String> available() {
    return runtimes.values().stream()
        .filter(RunRuntime::available)
        .map(RunRuntime::name)
        .sorted()
        .toList();
  }
}
