package dev.millrace.worker.runtime;

import java.nio.file.Path;
import java.util.List;

/**
 * What the operator says of process runs.
 *
 * @param trust whether runs may be taken that cannot be kept from what the worker itself may do
 * @param hidden files and folders that no run may see, beside those that none ever sees
 * @param engine the socket of the worker's container engine, there or not
 */
public record ProcessOptions(Trust trust, List<Path> hidden, Path engine) {

  /** Whom runs come from. */
  public enum Trust {
    /** From anybody: a run that cannot be isolated is not taken. */
    NOBODY,
    /** From people who may do all that the worker's user may. */
    EVERYBODY
  }

  public ProcessOptions {
    hidden = List.copyOf(hidden);
  }
}
