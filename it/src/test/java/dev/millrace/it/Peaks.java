package dev.millrace.it;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;

/** What a piece of work took: the most memory of master and worker at once, in KiB, and time. */
record Peaks(long master, long worker, Duration took) {
  private static final String FIELD = "VmHWM:";

  /** What one piece of work takes, from a reset before it on. */
  static Peaks of(Distribution millrace, Runnable work) {
    long worker = millrace.worker();
    reset(millrace.pid());
    reset(worker);
    long from = System.nanoTime();
    work.run();
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    Peaks peaks = new Peaks(peak(millrace.pid()), peak(worker), took);
    if (millrace.worker() != worker) {
      throw new AssertionError("the worker is another one now");
    }
    return peaks;
  }

  /** The same of the worker alone: the master may end meanwhile. */
  static Peaks ofWorker(Distribution millrace, Runnable work) {
    long worker = millrace.worker();
    reset(worker);
    long from = System.nanoTime();
    work.run();
    return new Peaks(0, peak(worker), Duration.ofNanos(System.nanoTime() - from));
  }

  /** Fails where one of the two is more than a fifth above what less work took. */
  void expectNear(Peaks less, String what) {
    String words =
        String.format(
            Locale.ROOT,
            "%s in %d s: master %.1f MiB against %.1f (%.3f), worker %.1f MiB against %.1f (%.3f)",
            what,
            took.toSeconds(),
            master / 1024.0,
            less.master / 1024.0,
            (double) master / less.master,
            worker / 1024.0,
            less.worker / 1024.0,
            (double) worker / less.worker);
    System.out.println(words);
    if (master > less.master * 1.2 || worker > less.worker * 1.2) {
      throw new AssertionError(words);
    }
  }

  static void reset(long pid) {
    try {
      Files.writeString(
          Path.of("/proc/" + pid + "/clear_refs"),
          "5",
          StandardCharsets.US_ASCII,
          StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static long peak(long pid) {
    for (String line : Machine.file(pid, "status").split("\n", -1)) {
      if (line.startsWith(FIELD)) {
        return Long.parseLong(line.substring(FIELD.length()).replace("kB", "").strip());
      }
    }
    throw new AssertionError("process " + pid + " has no peak");
  }
}
