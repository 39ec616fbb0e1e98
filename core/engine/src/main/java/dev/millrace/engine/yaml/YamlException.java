package dev.millrace.engine.yaml;

/** The text is no YAML that we read; the message says why, the mark where. */
final class YamlException extends Exception {
  private static final long serialVersionUID = 1L;
  private final transient Mark mark;

  YamlException(String message, Mark mark) {
    super(message);
    this.mark = mark;
  }

  Mark mark() {
    return mark;
  }
}
