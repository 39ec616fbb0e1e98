package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Wire;
import org.jspecify.annotations.Nullable;

/** Says how a run ended, with the reason code of the wire, what happened and what to do. */
final class EndWords {
  private EndWords() {}

  static Wire.Ended of(
      RunHandle.Exit exit,
      boolean stopOrdered,
      @Nullable String stopReason,
      Assignment.Limits limits,
      Wire.@Nullable RunImage image) {
    Integer code = exit.code();
    if (stopReason != null) {
      String detail =
          stopReason.equals("time-limit")
              ? "Stopped by the time limit of "
                  + limits.timeSeconds()
                  + " s. Raise time_limit or make the step quicker."
              : "Stopped after "
                  + limits.noOutputSeconds()
                  + " s without output. Print something now and then, or raise no_output_timeout.";
      return new Wire.Ended(code, stopReason, detail, false, image);
    }
    if (stopOrdered) {
      return new Wire.Ended(code, null, null, true, image);
    }
    if (exit.problem() != null) {
      return new Wire.Ended(
          code, "image", "The run could not be started: " + exit.problem(), false, image);
    }
    if (exit.outOfMemory() && (code == null || code != 0)) {
      return new Wire.Ended(
          code,
          "oom",
          "The run needed more memory than its limit of "
              + limits.memoryMiB()
              + " MiB. Use less, or a larger machine.",
          false,
          image);
    }
    if (code == null) {
      return new Wire.Ended(
          null,
          "killed",
          "The run's processes were killed from outside. Look at the machine's system log for who"
              + " did it; memory that ran out is the usual cause.",
          false,
          image);
    }
    if (code == 0) {
      return new Wire.Ended(code, null, null, false, image);
    }
    return new Wire.Ended(
        code,
        "exit-code",
        "A command ended with exit code " + code + ". " + meaning(code),
        false,
        image);
  }

  private static String meaning(int code) {
    return switch (code) {
      case 126 -> "The shell found the command but may not run it: make the file executable.";
      case 127 ->
          "The shell did not find the command: install it in the image or correct its name.";
      case 137 -> "It was killed (signal 9); often memory ran out.";
      default ->
          code > 128 && code < 160
              ? "It was ended by signal " + (code - 128) + "."
              : "The last lines of the log say why.";
    };
  }
}
