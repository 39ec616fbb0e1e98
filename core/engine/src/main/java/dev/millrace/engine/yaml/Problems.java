package dev.millrace.engine.yaml;

import java.util.ArrayList;
import java.util.List;

/** Gathers problems and finds their places in the text. */
final class Problems {
  private final YamlTree tree;
  private final List<ConfigProblem> found = new ArrayList<>();

  Problems(YamlTree tree) {
    this.tree = tree;
  }

  void error(String pointer, String message) {
    add(ConfigProblem.Severity.ERROR, pointer, message);
  }

  void warning(String pointer, String message) {
    add(ConfigProblem.Severity.WARNING, pointer, message);
  }

  void hint(String pointer, String message) {
    add(ConfigProblem.Severity.HINT, pointer, message);
  }

  boolean hasErrors() {
    return found.stream().anyMatch(p -> p.severity() == ConfigProblem.Severity.ERROR);
  }

  List<ConfigProblem> all() {
    return List.copyOf(found);
  }

  private void add(ConfigProblem.Severity severity, String pointer, String message) {
    Mark mark = tree.mark(pointer);
    found.add(
        new ConfigProblem(severity, YamlTree.dotted(pointer), mark.line(), mark.column(), message));
  }
}
