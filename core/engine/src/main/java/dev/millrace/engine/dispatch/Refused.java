package dev.millrace.engine.dispatch;

import dev.millrace.engine.artifacts.StoreUnavailable;
import java.util.Map;

/**
 * A call of a worker that cannot be answered as asked: HTTP status, code, message, more members.
 */
public final class Refused extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final transient Map<String, Object> more;

  public Refused(int status, String code, String message) {
    this(status, code, message, Map.of());
  }

  public Refused(int status, String code, String message, Map<String, Object> more) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = Map.copyOf(more);
  }

  public int status() {
    return status;
  }

  public String code() {
    return code;
  }

  /** Members of the answer beside code and message. */
  public Map<String, Object> more() {
    return more;
  }

  static Refused leaseGone() {
    return new Refused(410, "lease_gone", "The run belongs to nobody or to another worker.");
  }

  static Refused offerGone() {
    return new Refused(410, "offer_gone", "The offer has been taken back.");
  }

  static Refused invalid(String message) {
    return new Refused(400, "invalid", message);
  }

  static Refused storeMissing(String message) {
    return new Refused(503, StoreUnavailable.MISSING, message);
  }

  /** 422 where the store refuses for good, 503 where it may do it later. */
  static Refused of(StoreUnavailable e) {
    return new Refused(e.passing() ? 503 : 422, e.code(), String.valueOf(e.getMessage()));
  }
}
