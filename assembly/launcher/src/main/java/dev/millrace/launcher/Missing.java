package dev.millrace.launcher;

import java.util.ArrayList;
import java.util.List;

/** One thing that is not there, with the things that it lacks in turn. */
record Missing(String what, List<Missing> because) {
  Missing {
    because = List.copyOf(because);
  }

  static Missing of(String what) {
    return new Missing(what, List.of());
  }

  /** The tree as lines, two blanks a level. */
  static String print(List<Missing> roots) {
    List<String> lines = new ArrayList<>();
    roots.forEach(root -> root.print("  ", lines));
    return String.join("\n", lines);
  }

  private void print(String indent, List<String> lines) {
    lines.add(indent + what);
    because.forEach(cause -> cause.print(indent + "  ", lines));
  }
}
