package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What people and the disk show at one time, so that a later time can be held to it. */
final class Seen {
  /** What a look itself changes, or what counts from now. */
  private static final Set<String> MOVING = Set.of("last_used", "last_login");

  private final Map<String, JsonNode> all = new TreeMap<>();

  /** The answer to one question of one caller. */
  Seen with(Api api, String path) {
    all.put(path + " of " + api.token().substring(0, 8), api.get(path).expectSuccess());
    return this;
  }

  /** Each file below, by its hash. */
  Seen with(Path root, String... folders) throws Exception {
    for (String folder : folders) {
      try (Stream<Path> files = Files.walk(root.resolve(folder))) {
        for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
          all.put(root.relativize(file).toString(), TextNode.valueOf(WorkerArchive.sha256(file)));
        }
      }
    }
    return this;
  }

  int size() {
    return all.size();
  }

  /** Fails where {@code later} lacks something or shows it in another way; it may show more. */
  void expectIn(Seen later) {
    List<String> lost = new ArrayList<>();
    all.forEach(
        (name, before) -> {
          JsonNode now = later.all.get(name);
          if (now == null) {
            lost.add(name + " is gone");
          } else {
            compare(name, before, now, lost);
          }
        });
    assertEquals(List.of(), lost);
  }

  private static void compare(String where, JsonNode before, JsonNode now, List<String> lost) {
    if (before.isObject() && now.isObject()) {
      before
          .fields()
          .forEachRemaining(
              field -> {
                JsonNode kept = now.get(field.getKey());
                if (kept == null) {
                  lost.add(where + " has no " + field.getKey());
                } else if (!MOVING.contains(field.getKey())) {
                  compare(where + " " + field.getKey(), field.getValue(), kept, lost);
                }
              });
    } else if (before.isArray() && now.isArray() && before.size() == now.size()) {
      for (int i = 0; i < before.size(); i++) {
        compare(where + " [" + i + "]", before.get(i), now.get(i), lost);
      }
    } else if (!before.equals(now)) {
      lost.add(where + " was " + before + " and is " + now);
    }
  }
}
