package dev.millrace.engine.service;

/** There is no such row, or the actor may not know that there is. */
public final class NotFound extends Refusal {
  private static final long serialVersionUID = 1;

  /** {@code noun} as users say it, for example {@code Project}. */
  public NotFound(String noun) {
    super("not_found", noun + " not found");
  }
}
