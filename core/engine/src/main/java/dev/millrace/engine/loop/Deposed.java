package dev.millrace.engine.loop;

/** This master does not lead any more: what it was about to do is another's to do now. */
public final class Deposed extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Deposed() {
    super("another master leads the loops now");
  }
}
