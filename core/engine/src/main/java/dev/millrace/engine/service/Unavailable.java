package dev.millrace.engine.service;

/** Something that is needed does not answer just now; worth trying again. */
public final class Unavailable extends Refusal {
  private static final long serialVersionUID = 1;

  public Unavailable(String code, String message) {
    super(code, message);
  }
}
