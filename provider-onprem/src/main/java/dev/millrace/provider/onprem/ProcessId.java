package dev.millrace.provider.onprem;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One process and no other: a number is used again, but not with the same start in the same boot.
 *
 * @param startTicks clock ticks from boot to start, so that setting the clock changes nothing
 */
record ProcessId(String boot, long pid, long startTicks) {
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /** Reads what the starting shell wrote: the boot's id, then its own line of /proc. */
  static Optional<ProcessId> written(Path file) {
    try {
      List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      return lines.size() < 2 ? Optional.empty() : parse(lines.get(0).strip(), lines.get(1));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The process that has the number now; empty when there is none, or only a zombie. */
  static Optional<ProcessId> now(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state == 'Z' || state == 'X'
          ? Optional.empty()
          : parse(Files.readString(BOOT).strip(), stat);
    } catch (IOException | StringIndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  private static Optional<ProcessId> parse(String boot, String stat) {
    try {
      // The name in brackets may hold blanks and brackets itself.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      long pid = Long.parseLong(stat.substring(0, stat.indexOf(' ')));
      return Optional.of(new ProcessId(boot, pid, Long.parseLong(fields[19])));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
  }

  boolean lives() {
    return now(pid).filter(this::equals).isPresent();
  }

  /** Sends SIGKILL to this very process. */
  void kill() {
    if (lives()) {
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }
}
