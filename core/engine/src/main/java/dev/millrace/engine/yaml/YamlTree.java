package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** A YAML document as JSON, with the place in the text of each node by JSON pointer. */
record YamlTree(JsonNode root, Map<String, Mark> marks) {

  YamlTree {
    marks = Map.copyOf(marks);
  }

  /** The place of the node at a pointer, or of its nearest ancestor that has one. */
  Mark mark(String pointer) {
    String at = pointer;
    while (true) {
      Mark mark = marks.get(at);
      if (mark != null) {
        return mark;
      }
      int slash = at.lastIndexOf('/');
      if (slash < 0) {
        return Mark.UNKNOWN;
      }
      at = at.substring(0, slash);
    }
  }

  /** One more step of a pointer. */
  static String child(String pointer, String key) {
    return pointer + "/" + key.replace("~", "~0").replace("/", "~1");
  }

  static String child(String pointer, int index) {
    return pointer + "/" + index;
  }

  /** The pointer as people read it: dots instead of slashes. */
  static String dotted(String pointer) {
    return pointer.isEmpty()
        ? ""
        : pointer.substring(1).replace('/', '.').replace("~1", "/").replace("~0", "~");
  }
}
