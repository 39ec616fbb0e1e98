package dev.millrace.engine.service;

/** Nobody known asked: a missing, wrong or expired credential. */
public final class Unauthenticated extends Refusal {
  private static final long serialVersionUID = 1;

  public Unauthenticated(String code, String message) {
    super(code, message);
  }
}
