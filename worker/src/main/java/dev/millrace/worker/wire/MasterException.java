package dev.millrace.worker.wire;

import java.io.IOException;
import java.util.List;

/** The master answered with an error. */
public class MasterException extends IOException {
  private static final long serialVersionUID = 1L;
  private final int status;
  private final String code;
  private final List<String> uploads;
  private final long retryAfterSeconds;

  public MasterException(
      int status, String code, String message, List<String> uploads, long retryAfterSeconds) {
    super(message);
    this.status = status;
    this.code = code;
    this.uploads = List.copyOf(uploads);
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** The error's code, empty when the answer had none. */
  public String code() {
    return code;
  }

  /** The uploads that the error names. */
  public List<String> uploads() {
    return uploads;
  }

  /** How long the master asks to wait, 0 when it does not say. */
  public long retryAfterSeconds() {
    return retryAfterSeconds;
  }

  /** Whether the same call may succeed later. */
  public boolean transientFailure() {
    return passing(status);
  }

  /**
   * Whether what was answered with that status may succeed later. Rights may be given back and
   * addresses renewed (401, 403, 407); 404 and 405 are answered by a master that starts and does
   * not know its calls yet, and by a store whose place is not made yet; the others say so
   * themselves.
   */
  public static boolean passing(int status) {
    return switch (status) {
      case 401, 403, 404, 405, 407, 408, 421, 423, 425, 426, 429 -> true;
      default -> status / 100 != 4;
    };
  }

  /** The worker's credential is not good any more: the worker stops. */
  public static final class CredentialRefused extends MasterException {
    private static final long serialVersionUID = 1L;

    public CredentialRefused(String code, String message) {
      super(401, code, message, List.of(), 0);
    }
  }

  /** The lease is stale: the run is over for this worker. */
  public static final class LeaseGone extends MasterException {
    private static final long serialVersionUID = 1L;

    public LeaseGone(String code, String message) {
      super(410, code, message, List.of(), 0);
    }
  }
}
