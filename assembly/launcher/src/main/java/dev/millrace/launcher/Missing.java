package dev.millrace.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** One thing that is not there, with the things that it lacks in turn. */
record Missing(String what, List<Missing> because) {
  /** Ends the name of something that is explained elsewhere in the tree. */
  static final String SEEN = " (see above)";

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

  /** What lacks nothing else itself: the things to put right, each once. */
  static Set<String> roots(List<Missing> missing) {
    Set<String> roots = new TreeSet<>();
    for (Missing one : missing) {
      if (!one.because.isEmpty()) {
        roots.addAll(roots(one.because));
      } else if (!one.what.endsWith(SEEN)) {
        roots.add(one.what);
      }
    }
    return roots;
  }

  private void print(String indent, List<String> lines) {
    lines.add(indent + what);
    because.forEach(cause -> cause.print(indent + "  ", lines));
  }
}
