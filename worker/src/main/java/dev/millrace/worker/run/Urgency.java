package dev.millrace.worker.run;

import dev.millrace.worker.wire.MasterException;

/** How much time is left for what has to be sent. */
interface Urgency {

  /** Whether what fails for now may be tried again later. */
  boolean mayWait();

  /** Whether everything has to end now, also what goes well. */
  boolean cut();

  /** Throws when the run is not this worker's any more. */
  void check() throws MasterException;
}
