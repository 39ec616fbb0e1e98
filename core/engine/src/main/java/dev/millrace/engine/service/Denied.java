package dev.millrace.engine.service;

/** The actor may know the row but may not do that with it. */
public final class Denied extends Refusal {
  private static final long serialVersionUID = 1;

  public Denied(String message) {
    super("permission_denied", message);
  }
}
