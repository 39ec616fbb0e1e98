package dev.millrace.engine.service;

import dev.millrace.engine.logs.LogLine;
import dev.millrace.engine.logs.LogView;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/** The end of a log, or all of it, as it was when it was asked for; to be closed. */
public final class LogPage implements AutoCloseable {
  /** One line. {@code stream} is stdout, stderr or status; times are unique within a log. */
  public record Line(Instant time, String stream, String message) {}

  private final LogView view;

  LogPage(LogView view) {
    this.view = view;
  }

  /** How many lines there are in all. */
  public long total() {
    return view.total();
  }

  /** Whether earlier lines were left out. */
  public boolean truncated() {
    return view.truncated();
  }

  /** Hands over the lines, oldest first; call it once. */
  public void forEach(Consumer<Line> consumer) {
    view.forEach(line -> consumer.accept(line(line)));
  }

  /** Lines that have no end yet, as they stand; they follow the others and count in the total. */
  public List<Line> open() {
    return view.open().stream().map(LogPage::line).toList();
  }

  static Line line(LogLine line) {
    return new Line(line.time(), line.stream().word(), line.message());
  }

  @Override
  public void close() {
    view.close();
  }
}
