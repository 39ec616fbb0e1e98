package dev.millrace.engine.yaml;

/** A place in a text; line and column count from 1, and 0 means unknown. */
record Mark(int line, int column) {
  static final Mark UNKNOWN = new Mark(0, 0);
}
