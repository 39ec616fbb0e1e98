package dev.millrace.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Everything an installation writes or says, one byte in each character, by where it is. */
final class Haystacks {
  private static final int MOST_ANSWERS = 2_000;

  private final Map<String, String> stacks = new TreeMap<>();

  /** What is found: canary, form and place. */
  record Hit(String canary, String form, String place) {}

  List<Hit> search(Collection<Canary> canaries) {
    List<Hit> hits = new ArrayList<>();
    for (Canary canary : canaries) {
      stacks.forEach(
          (place, text) ->
              canary.in(text).forEach(form -> hits.add(new Hit(canary.name(), form, place))));
    }
    return hits;
  }

  Haystacks add(String place, String text) {
    stacks.merge(place, Canary.bytes(text), (a, b) -> a + '\n' + b);
    return this;
  }

  /** The database as SQL text, from a copy of its file that was taken while the master runs. */
  Haystacks database(Path folder) throws Exception {
    Path copy = Files.createTempDirectory("it-database");
    SQLException last = null;
    for (int attempt = 0; attempt < 10; attempt++) {
      Files.copy(
          folder.resolve("millrace.mv.db"),
          copy.resolve("copy" + attempt + ".mv.db"),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
      try (Connection connection =
              DriverManager.getConnection("jdbc:h2:" + copy.resolve("copy" + attempt), "sa", "");
          Statement statement = connection.createStatement();
          ResultSet script = statement.executeQuery("SCRIPT")) {
        StringBuilder text = new StringBuilder();
        while (script.next()) {
          text.append(script.getString(1)).append('\n');
        }
        return add("database export", text.toString());
      } catch (SQLException torn) {
        last = torn;
      }
    }
    throw new AssertionError("no copy of the database could be opened", last);
  }

  /** Every file below a folder but the named ones; what gzip packed, also as it was before. */
  Haystacks files(String name, Path folder, Predicate<Path> left) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).filter(left.negate()).toList();
    }
    for (Path file : files) {
      byte[] bytes;
      try {
        bytes = Files.readAllBytes(file);
      } catch (NoSuchFileException gone) {
        continue;
      }
      String place = name + " " + folder.relativize(file);
      stacks.put(place, new String(bytes, StandardCharsets.ISO_8859_1));
      if (bytes.length > 2 && bytes[0] == 0x1f && (bytes[1] & 0xff) == 0x8b) {
        try (GZIPInputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
          stacks.put(
              place + " unpacked",
              new String(unpacked.readAllBytes(), StandardCharsets.ISO_8859_1));
        }
      }
    }
    return this;
  }

  /** Walks the API from its lists: every address that an answer names, and each row by its id. */
  Haystacks api(Api api, List<String> seeds) {
    Deque<String> open = new ArrayDeque<>(seeds);
    Set<String> seen = new HashSet<>(seeds);
    int answers = 0;
    while (!open.isEmpty() && answers < MOST_ANSWERS) {
      String path = open.poll();
      Api.Answer answer = api.get(path);
      answers++;
      add("API GET " + path, answer.text());
      if (answer.status() != 200 || !answer.text().stripLeading().matches("(?s)[{\\[].*")) {
        continue;
      }
      for (String next : next(api, path, answer.json())) {
        if (seen.add(next)) {
          open.add(next);
        }
      }
    }
    return this;
  }

  private static List<String> next(Api api, String path, JsonNode answer) {
    List<String> found = new ArrayList<>();
    for (JsonNode text : answer.findValues("url")) {
      if (text.asText().startsWith(api.address() + "/api/")) {
        found.add(URI.create(text.asText()).getPath());
      }
    }
    String list = path.replaceAll("\\?.*", "");
    for (JsonNode row : answer.path("results")) {
      if (row.hasNonNull("id")) {
        String one = list + row.get("id").asText() + "/";
        found.add(one);
        if (list.equals("/api/v0/executions/")) {
          for (String part : List.of("events", "status-events", "outputs", "metadata")) {
            found.add(one + part + "/?limit=0");
          }
        } else if (list.equals("/api/v0/projects/")) {
          found.add(one + "commits/");
        } else if (list.equals("/api/v0/data/")) {
          found.add(one + "download/");
        }
      }
    }
    return found;
  }

  int size() {
    return stacks.size();
  }

  long characters() {
    return stacks.values().stream().mapToLong(String::length).sum();
  }
}
