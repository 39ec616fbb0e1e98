package dev.millrace.engine.yaml;

/**
 * One thing that is wrong, or odd, in a valohai.yaml.
 *
 * @param path dotted place in the document, such as {@code 0.step.parameters.1.name}; empty for the
 *     whole file
 * @param line first line is 1; 0 when the place is not known
 * @param column first column is 1; 0 when the place is not known
 */
public record ConfigProblem(Severity severity, String path, int line, int column, String message) {

  /** An error keeps the file from being used; a warning and a hint do not. */
  public enum Severity {
    ERROR,
    WARNING,
    HINT
  }

  /** The problem as one line for people, with its place where that is known. */
  public String describe() {
    String place = line > 0 ? "line " + line + ", column " + column + ": " : "";
    return place + message + (path.isEmpty() ? "" : " (" + path + ")");
  }
}
