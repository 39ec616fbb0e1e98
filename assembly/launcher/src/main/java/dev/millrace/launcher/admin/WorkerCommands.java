package dev.millrace.launcher.admin;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Machines: how they join, and what becomes of them. */
final class WorkerCommands {
  private static final String WORKERS = "/api/v0/workers/";
  private static final List<String> LINE_OPTIONS =
      List.of(
          "dir",
          "name",
          "slots",
          "runtimes",
          "cache-gib",
          "cache-percent",
          "image-gib",
          "image-percent",
          "min-free-mib");

  static final List<Command> ALL =
      List.of(
          new Command(
              "worker",
              "list",
              List.of(),
              Map.of("group", true),
              "Lists the machines that joined.",
              WorkerCommands::list),
          named("show", Map.of(), "Shows a worker.", WorkerCommands::show),
          named(
              "drain",
              Map.of(),
              "Lets it end the runs that it has and gives it no more.",
              drain(true)),
          named("resume", Map.of(), "Gives it runs again.", drain(false)),
          named(
              "remove",
              Map.of("force", false),
              "Refuses its credential from now on; with --force although it has runs, which end as"
                  + " lost.",
              WorkerCommands::remove),
          new Command(
              "group",
              "join",
              List.of("SLUG"),
              options(),
              "Prints a line for a shell of one machine, which joins by it within an hour, or within"
                  + " --expires 5m (also: millrace join SLUG).",
              WorkerCommands::join));

  private WorkerCommands() {}

  private static Command named(
      String verb, Map<String, Boolean> options, String meaning, Command.Work work) {
    return new Command("worker", verb, List.of("WORKER"), options, meaning, work);
  }

  private static Map<String, Boolean> options() {
    Map<String, Boolean> options = new LinkedHashMap<>();
    options.put("expires", true);
    LINE_OPTIONS.forEach(name -> options.put(name, true));
    return options;
  }

  private static void list(Server server, Arguments given, Screen screen) throws Failure {
    String query =
        given
            .option("group")
            .map(g -> "?environment=" + URLEncoder.encode(g, StandardCharsets.UTF_8))
            .orElse("");
    screen.rows(
        server.list(WORKERS + query),
        "id",
        "name",
        "environment",
        "state",
        "slots",
        "runs",
        "runtimes",
        "release",
        "last_seen",
        "paused",
        "trouble");
  }

  private static void show(Server server, Arguments given, Screen screen) throws Failure {
    screen.one(find(server, given.word(0)));
  }

  private static Command.Work drain(boolean drains) {
    return (server, given, screen) -> {
      JsonNode worker = find(server, given.word(0));
      screen.done(
          server.send("PATCH", path(worker), Map.of("draining", drains)),
          worker.get("name").asText()
              + (drains ? " ends its runs and takes no more." : " takes runs again."));
    };
  }

  private static void remove(Server server, Arguments given, Screen screen) throws Failure {
    JsonNode worker = find(server, given.word(0));
    screen.done(
        server.delete(path(worker) + (given.flag("force") ? "?force=true" : "")),
        worker.get("name").asText() + " is removed; its credential is refused from now on.");
  }

  private static void join(Server server, Arguments given, Screen screen) throws Failure {
    JsonNode made =
        server.send(
            "POST",
            "/api/v0/environments/" + Commands.slug(given) + "/join_tokens/",
            Commands.expiry(given));
    StringBuilder line = new StringBuilder(made.get("line").asText());
    for (String name : LINE_OPTIONS) {
      Optional<String> value = given.option(name);
      if (value.isPresent()) {
        line.append(" --").append(name).append(" '").append(value.get().replace("'", "'\\''"));
        line.append('\'');
      }
    }
    screen.secret(
        made,
        line.toString(),
        "Type the line into a shell of the machine; it is good for one worker until "
            + made.get("expires").asText()
            + ".");
  }

  /** By id, or by a name that only one worker has. */
  private static JsonNode find(Server server, String word) throws Failure {
    List<JsonNode> found =
        server.list(WORKERS).stream()
            .filter(w -> w.get("id").asText().equals(word) || w.get("name").asText().equals(word))
            .toList();
    if (found.size() == 1) {
      return found.get(0);
    }
    throw new Failure(
        Failure.REFUSED,
        found.isEmpty()
            ? "there is no worker " + word + "; \"worker list\" shows them"
            : found.size() + " workers are named " + word + "; give the id of one");
  }

  private static String path(JsonNode worker) {
    return WORKERS + worker.get("id").asText() + "/";
  }
}
