package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads /proc and sends signals. */
final class ProcessTable {

  /** One process; {@code started} tells it from a later one with the same number. */
  record Entry(long pid, long parent, long started, char state) {}

  /** The process, or null when it is gone or only a zombie. */
  @Nullable Entry living(long pid) {
    Entry entry = read(Path.of("/proc", Long.toString(pid)));
    return entry == null || entry.state() == 'Z' || entry.state() == 'X' ? null : entry;
  }

  /** Whether this very process still lives. */
  boolean lives(long pid, long started) {
    Entry entry = living(pid);
    return entry != null && entry.started() == started;
  }

  /** All living processes below one, itself not among them. */
  Set<Long> below(long pid) throws IOException {
    Map<Long, List<Long>> children = new HashMap<>();
    for (Entry entry : all()) {
      children.computeIfAbsent(entry.parent(), p -> new ArrayList<>()).add(entry.pid());
    }
    Set<Long> found = new LinkedHashSet<>();
    Deque<Long> open = new ArrayDeque<>(List.of(pid));
    while (!open.isEmpty()) {
      for (Long child : children.getOrDefault(open.removeFirst(), List.of())) {
        if (found.add(child)) {
          open.addLast(child);
        }
      }
    }
    return found;
  }

  /** All living processes whose environment holds the text, or that belong to the user. */
  Set<Long> marked(String environment, int uid) throws IOException {
    Set<Long> found = new LinkedHashSet<>();
    byte[] wanted = (environment + "\0").getBytes(StandardCharsets.UTF_8);
    long self = ProcessHandle.current().pid();
    for (Entry entry : all()) {
      if (entry.pid() == self) {
        continue;
      }
      Path process = Path.of("/proc", Long.toString(entry.pid()));
      try {
        if (uid > 0
                && uid
                    == (Integer) Files.getAttribute(process, "unix:uid", LinkOption.NOFOLLOW_LINKS)
            || contains(Files.readAllBytes(process.resolve("environ")), wanted)) {
          found.add(entry.pid());
        }
      } catch (IOException e) {
        // Gone meanwhile, or somebody else's.
      }
    }
    return found;
  }

  /** Sends a signal to each; one that has gone is no error. */
  void signal(String name, Set<Long> pids) throws IOException {
    if (pids.isEmpty()) {
      return;
    }
    List<String> command =
        new ArrayList<>(List.of("/bin/sh", "-c", "for p; do kill -s " + name + " $p; done", "sh"));
    pids.forEach(p -> command.add(Long.toString(p)));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new IOException("sending " + name + " took too long");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<Entry> all() throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        Entry entry = read(process);
        if (entry != null && entry.state() != 'Z' && entry.state() != 'X') {
          entries.add(entry);
        }
      }
    }
    return entries;
  }

  private static @Nullable Entry read(Path process) {
    try {
      String stat = Files.readString(process.resolve("stat"), StandardCharsets.ISO_8859_1);
      // The name in brackets may hold blanks and brackets: the fields after the last one count.
      int end = stat.lastIndexOf(')');
      List<String> fields = List.of(stat.substring(end + 2).split(" "));
      return new Entry(
          Long.parseLong(process.getFileName().toString()),
          Long.parseLong(fields.get(1)),
          Long.parseLong(fields.get(19)),
          fields.get(0).charAt(0));
    } catch (IOException | RuntimeException e) {
      return null;
    }
  }

  private static boolean contains(byte[] text, byte[] wanted) {
    outer:
    for (int i = 0; i + wanted.length <= text.length; i++) {
      if (i > 0 && text[i - 1] != 0) {
        continue;
      }
      for (int j = 0; j < wanted.length; j++) {
        if (text[i + j] != wanted[j]) {
          continue outer;
        }
      }
      return true;
    }
    return false;
  }
}
