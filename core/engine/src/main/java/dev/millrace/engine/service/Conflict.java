package dev.millrace.engine.service;

/** Somebody else changed the row meanwhile, or its state does not allow that. */
public final class Conflict extends Refusal {
  private static final long serialVersionUID = 1;

  public Conflict(String code, String message) {
    super(code, message);
  }

  /** A compare-and-set was lost. */
  public static Conflict changedMeanwhile() {
    return new Conflict(
        "changed_meanwhile",
        "Somebody else changed this at the same moment; read it again and repeat");
  }
}
