package dev.millrace.provider.onprem;

import dev.millrace.spi.compute.MachineType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The machines of the configuration, and how workers on them are to be run. */
record Machines(
    Set<String> names,
    int slots,
    List<String> runtimes,
    Processes processes,
    @Nullable Path caFile) {
  static final String TYPE = "local";
  private static final Pattern MEMORY = Pattern.compile("MemTotal:\\s+(\\d+) kB");
  private static final Pattern HERE = Pattern.compile("local(-[a-z0-9]{1,40})?");
  private static final Set<String> RUNTIMES = Set.of("docker", "process");
  private static final int MAX_SLOTS = 1024;

  /**
   * What workers are told of process runs.
   *
   * @param trusted "yes" or "no": whether runs are taken that cannot be isolated
   * @param hidden what no run may see
   */
  record Processes(String trusted, List<Path> hidden) {
    Processes {
      hidden = List.copyOf(hidden);
    }
  }

  Machines {
    names = Set.copyOf(names);
    runtimes = List.copyOf(runtimes);
  }

  static Machines of(OnpremAccount.Config config, List<Path> hidden) {
    Set<String> names = new LinkedHashSet<>();
    for (String name : config.machines()) {
      if (!HERE.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "machines: '"
                + name
                + "' is not this machine; write local, or local-2 for room for another worker. For"
                + " another machine start its worker there with a join token");
      }
      if (!names.add(name)) {
        throw new IllegalArgumentException("machines: '" + name + "' stands there twice");
      }
    }
    if (names.isEmpty()) {
      throw new IllegalArgumentException("machines: name at least one, such as local");
    }
    if (config.slots() < 0 || config.slots() > MAX_SLOTS) {
      throw new IllegalArgumentException("slots: must be from 0 to " + MAX_SLOTS);
    }
    List<String> runtimes = List.of(config.runtimes());
    if (runtimes.isEmpty() || !RUNTIMES.containsAll(runtimes)) {
      throw new IllegalArgumentException("runtimes: must be docker, process or both");
    }
    return new Machines(
        names,
        config.slots(),
        runtimes,
        new Processes(config.processes_trusted() ? "yes" : "no", hidden),
        caFile(config.ca_file()));
  }

  private static @Nullable Path caFile(String name) {
    if (name.isBlank()) {
      return null;
    }
    Path file = Path.of(name.strip());
    if (!file.isAbsolute() || !Files.isReadable(file)) {
      throw new IllegalArgumentException(
          "ca.file: '" + name + "' must be the absolute path of a file that can be read");
    }
    return file;
  }

  /** The size of this machine. */
  static MachineType here() {
    int cpus = Runtime.getRuntime().availableProcessors();
    return new MachineType(TYPE, cpus, memoryMiB(), 0, Optional.empty());
  }

  private static long memoryMiB() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .map(MEMORY::matcher)
          .filter(Matcher::matches)
          .mapToLong(line -> Long.parseLong(line.group(1)) >> 10)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
