package dev.millrace.engine.artifacts;

import dev.millrace.engine.plugins.PluginMissing;
import dev.millrace.spi.common.PluginException;

/**
 * A data store did not do what it was asked for. The message is for users, in the store's own
 * words; {@link #passing} says whether the same may succeed later.
 */
public final class StoreUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The store is not there, or does not answer. */
  public static final String MISSING = "store_missing";

  /** The store lets the account not do this: the operator's move. */
  public static final String DENIED = "store_denied";

  /** The store has no room left. */
  public static final String FULL = "store_full";

  /** The store will never do this. */
  public static final String REFUSED = "store_refused";

  private final String code;

  public StoreUnavailable(String message) {
    this(MISSING, message);
  }

  private StoreUnavailable(String code, String message) {
    super(message);
    this.code = code;
  }

  /** What a guarded call into the store of that name threw. */
  public static StoreUnavailable of(String store, Exception failure) {
    String name = "Data store " + store;
    if (!(failure instanceof PluginException e)) {
      return new StoreUnavailable(
          failure instanceof PluginMissing ? MISSING : REFUSED,
          name + " does not answer: " + failure.getMessage());
    }
    return switch (e.kind()) {
      case INVALID, CONFLICT, UNSUPPORTED ->
          new StoreUnavailable(REFUSED, name + " refuses this for good: " + e.getMessage());
      // What is missing may be the place of all: the operator can make it again.
      case DENIED, NOT_FOUND ->
          new StoreUnavailable(DENIED, name + " refuses access: " + e.getMessage());
      case EXHAUSTED -> new StoreUnavailable(FULL, name + " has no room: " + e.getMessage());
      case THROTTLED, UNAVAILABLE ->
          new StoreUnavailable(MISSING, name + " does not answer: " + e.getMessage());
    };
  }

  /** What happened, as users and workers read it. */
  public String code() {
    return code;
  }

  /** Whether the same may succeed later; what is refused for good ends what it was asked for. */
  public boolean passing() {
    return !code.equals(REFUSED);
  }
}
