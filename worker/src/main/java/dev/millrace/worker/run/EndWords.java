package dev.millrace.worker.run;

import dev.millrace.worker.runtime.RunHandle;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Wire;
import org.jspecify.annotations.Nullable;

/** Says how a run ended, with the reason code of the wire, what happened and what to do. */
final class EndWords {
  /** Shells give 128 and the signal's number as the exit code of what a signal ended. */
  private static final int SIGNALS = 31;

  private static final String LESS =
      "Write less, remove what is not needed any more, or use a machine with a larger disk.";

  private EndWords() {}

  /**
   * The same end, where no space was left on the disk: a failure is then most likely due to that.
   */
  static Wire.Ended onFullDisk(Wire.Ended ended, String words) {
    String reason = ended.reason();
    if (reason == null || !(reason.equals("exit-code") || reason.equals("killed"))) {
      return ended;
    }
    return new Wire.Ended(
        ended.exitCode(),
        "output",
        words + " The run could not write on and failed. " + LESS + " " + ended.detail(),
        false,
        ended.image());
  }

  static Wire.Ended of(
      RunHandle.Exit exit,
      boolean stopOrdered,
      @Nullable String stopReason,
      Assignment.Limits limits,
      Wire.@Nullable RunImage image) {
    Integer code = exit.code();
    if (stopReason != null) {
      String detail =
          switch (stopReason) {
            case "time-limit" ->
                "Stopped by the time limit of "
                    + limits.timeSeconds()
                    + " s. Raise time_limit or make the step quicker.";
            case "no-output" ->
                "Stopped after "
                    + limits.noOutputSeconds()
                    + " s without output. Print something now and then, or raise"
                    + " no_output_timeout.";
            default -> "Stopped: it had filled the worker's disk. " + LESS;
          };
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
    int signal = code > 128 && code <= 128 + SIGNALS ? code - 128 : 0;
    if (signal > 0) {
      return new Wire.Ended(
          code,
          "killed",
          "A command was ended by signal "
              + signal
              + signalName(signal)
              + " that Millrace did not send"
              + (signal == 9
                  ? "; memory that ran out is the usual cause, see the machine's system log."
                  : signal == 4 || signal == 6 || signal == 7 || signal == 8 || signal == 11
                      ? ": it crashed. The last lines of the log may say where."
                      : ". Look for what sent it, in the run or on the machine."),
          false,
          image);
    }
    return new Wire.Ended(
        code,
        "exit-code",
        "A command ended with exit code " + code + ". " + meaning(code),
        false,
        image);
  }

  private static String signalName(int signal) {
    return switch (signal) {
      case 1 -> " (SIGHUP)";
      case 2 -> " (SIGINT)";
      case 4 -> " (SIGILL)";
      case 6 -> " (SIGABRT)";
      case 7 -> " (SIGBUS)";
      case 8 -> " (SIGFPE)";
      case 9 -> " (SIGKILL)";
      case 11 -> " (SIGSEGV)";
      case 13 -> " (SIGPIPE)";
      case 15 -> " (SIGTERM)";
      default -> "";
    };
  }

  private static String meaning(int code) {
    return switch (code) {
      case 126 -> "The shell found the command but may not run it: make the file executable.";
      case 127 ->
          "The shell did not find the command: install it in the image or correct its name.";
      default -> "The last lines of the log say why.";
    };
  }
}
