package dev.millrace.worker.run;

import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.UnsendableException;
import java.io.IOException;

/**
 * What a failed call means for the file, line or report that it was about. This is the only place
 * that tells what is final from what may pass.
 */
enum Failure {
  /** The run is not this worker's any more, or the worker is nobody's. */
  OVER,
  /** The same fails again: it is given up, with a word, and holds nothing else. */
  FINAL,
  /** The other side broke; it may be this item's fault. It is tried for a while only. */
  BROKEN,
  /** It may pass: it is tried again, and others go on meanwhile. */
  PASSING;

  static Failure of(Throwable problem) {
    if (problem instanceof MasterException.LeaseGone
        || problem instanceof MasterException.CredentialRefused) {
      return OVER;
    }
    if (problem instanceof MasterException e) {
      return ofMaster(e);
    }
    if (problem instanceof StoreRefusal e) {
      return ofStore(e);
    }
    if (problem instanceof SourceException || problem instanceof UnsendableException) {
      return FINAL;
    }
    // Anything else that is no input or output is a fault of ours, and the next try the same.
    return problem instanceof IOException ? PASSING : FINAL;
  }

  private static Failure ofMaster(MasterException e) {
    if (e.status() == 500) {
      return BROKEN;
    }
    return e.transientFailure() ? PASSING : FINAL;
  }

  private static Failure ofStore(StoreRefusal e) {
    return switch (e.code()) {
      // Said with 400 or 409 by stores, and cured by a new address or by time.
      case "RequestTimeout",
          "ExpiredToken",
          "RequestTimeTooSkewed",
          "SlowDown",
          "OperationAborted" ->
          PASSING;
      default -> MasterException.passing(e.status()) ? PASSING : FINAL;
    };
  }
}
