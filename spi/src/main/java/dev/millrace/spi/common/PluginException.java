package dev.millrace.spi.common;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The backend refused or failed. Anything else thrown from a plugin is a bug in the plugin. The
 * message says what happened in words that a user may read, and holds no secret.
 */
public final class PluginException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Whether asking again makes sense. */
  public enum Retry {
    /** The same request will fail again. */
    NEVER,
    /** The same request may succeed later. */
    LATER,
    /** Another zone or worker group may say yes. */
    ELSEWHERE
  }

  /** Whose move it is. */
  public enum Culprit {
    /** The one who asked: the request must change. */
    USER,
    /** The operator: account, rights or configuration must change. */
    OPERATOR,
    /** The backend: wait for it. */
    BACKEND
  }

  /** What happened. */
  public enum Kind {
    /** The request makes no sense to the backend. */
    INVALID(Retry.NEVER, Culprit.USER),
    /** The thing asked for does not exist. */
    NOT_FOUND(Retry.NEVER, Culprit.USER),
    /** The thing exists already or has changed meanwhile. */
    CONFLICT(Retry.NEVER, Culprit.USER),
    /** The request uses a feature that this plugin does not declare. */
    UNSUPPORTED(Retry.ELSEWHERE, Culprit.USER),
    /** The account may not do this, or its credentials are not good. */
    DENIED(Retry.NEVER, Culprit.OPERATOR),
    /** There is no capacity or quota left here. */
    EXHAUSTED(Retry.ELSEWHERE, Culprit.BACKEND),
    /** Too many requests; {@link PluginException#retryAfter()} may say how long to wait. */
    THROTTLED(Retry.LATER, Culprit.BACKEND),
    /** The backend did not answer, or answered that it is in trouble. */
    UNAVAILABLE(Retry.LATER, Culprit.BACKEND);

    private final Retry retry;
    private final Culprit culprit;

    Kind(Retry retry, Culprit culprit) {
      this.retry = retry;
      this.culprit = culprit;
    }

    /** Whether asking again makes sense. */
    public Retry retry() {
      return retry;
    }

    /** Whose move it is. */
    public Culprit culprit() {
      return culprit;
    }
  }

  private final Kind kind;
  private final @Nullable Duration retryAfter;

  public PluginException(Kind kind, String message) {
    this(kind, message, null, null);
  }

  public PluginException(Kind kind, String message, @Nullable Throwable cause) {
    this(kind, message, null, cause);
  }

  public PluginException(
      Kind kind, String message, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(Objects.requireNonNull(message, "message"), cause);
    this.kind = Objects.requireNonNull(kind, "kind");
    this.retryAfter = retryAfter;
  }

  /** What happened. */
  public Kind kind() {
    return kind;
  }

  /** How long the backend asked to be left alone; empty if it did not say. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
