package dev.millrace.launcher.admin;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Commands on teams. A team is named as owner strings print it: {@code organization:team}. */
final class TeamCommands {
  private static final String API = "/api/v0/";
  private static final Map<String, Boolean> NONE = Map.of();

  static final List<Command> ALL =
      List.of(
          command("list", List.of(), NONE, "Lists teams.", TeamCommands::list),
          command(
              "show",
              List.of("TEAM"),
              NONE,
              "Shows a team; TEAM is organization:team.",
              (server, given, screen) -> screen.one(find(server, given.word(0)))),
          command(
              "create",
              List.of("TEAM"),
              NONE,
              "Makes a team; TEAM is organization:team.",
              TeamCommands::make),
          command(
              "delete",
              List.of("TEAM"),
              NONE,
              "Deletes a team that owns no project.",
              (server, given, screen) ->
                  screen.done(server.delete(path(server, given)), given.word(0) + " is deleted.")),
          command("members", List.of("TEAM"), NONE, "Lists its members.", TeamCommands::members),
          command(
              "add-member",
              List.of("TEAM", "USER"),
              Map.of("read-only", false, "project-administration", false),
              "Makes a user a member, or changes what they may do with the team's projects.",
              TeamCommands::addMember),
          command(
              "remove-member",
              List.of("TEAM", "USER"),
              NONE,
              "Takes a member out.",
              TeamCommands::removeMember),
          command(
              "give",
              List.of("TEAM", "PROJECT"),
              NONE,
              "Gives a project to the team, by its id.",
              (server, given, screen) -> projects(server, given, screen, true)),
          command(
              "take-back",
              List.of("TEAM", "PROJECT"),
              NONE,
              "Takes a project back that was given to the team.",
              (server, given, screen) -> projects(server, given, screen, false)));

  private TeamCommands() {}

  private static Command command(
      String verb,
      List<String> words,
      Map<String, Boolean> options,
      String meaning,
      Command.Work work) {
    return new Command("team", verb, words, options, meaning, work);
  }

  private static void list(Server server, Arguments given, Screen screen) throws Failure {
    screen.rows(server.list(API + "teams/"), "id", "owner", "ctime");
  }

  private static void make(Server server, Arguments given, Screen screen) throws Failure {
    String[] names = given.word(0).split(":", 2);
    if (names.length != 2) {
      throw Failure.usage("TEAM looks like organization:team");
    }
    for (JsonNode organization : server.list(API + "organizations/")) {
      if (organization.path("name").asText().equals(names[0])) {
        JsonNode made =
            server.send(
                "POST",
                API + "teams/",
                Map.of("name", names[1], "organization", organization.get("id").asInt()));
        screen.done(made, "Team " + given.word(0) + " is made, number " + made.get("id") + ".");
        return;
      }
    }
    throw new Failure(Failure.REFUSED, "There is no organisation " + names[0] + ".");
  }

  private static void members(Server server, Arguments given, Screen screen) throws Failure {
    List<JsonNode> rows = new ArrayList<>();
    find(server, given.word(0)).path("members").forEach(rows::add);
    screen.rows(rows, "user/id", "user/username", "allow_project_administration", "is_read_only");
  }

  private static void addMember(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body =
        Map.of(
            "user",
            user(server, given.word(1)),
            "is_read_only",
            given.flag("read-only"),
            "allow_project_administration",
            given.flag("project-administration"));
    screen.done(
        server.send("POST", path(server, given) + "members/", body),
        given.word(1) + " is a member of " + given.word(0) + ".");
  }

  private static void removeMember(Server server, Arguments given, Screen screen) throws Failure {
    screen.done(
        server.delete(path(server, given) + "members/" + user(server, given.word(1)) + "/"),
        given.word(1) + " is no member of " + given.word(0) + ".");
  }

  private static void projects(Server server, Arguments given, Screen screen, boolean give)
      throws Failure {
    JsonNode team = find(server, given.word(0));
    List<String> projects = new ArrayList<>();
    team.path("projects").forEach(p -> projects.add(p.asText()));
    projects.remove(given.word(1));
    if (give) {
      projects.add(given.word(1));
    }
    screen.done(
        server.send("PATCH", path(team), Map.of("projects", projects)),
        "Project "
            + given.word(1)
            + (give ? " is given to " : " is taken back from ")
            + given.word(0)
            + ".");
  }

  private static int user(Server server, String name) throws Failure {
    for (JsonNode user : server.list(API + "users/")) {
      if (user.path("username").asText().equals(name)) {
        return user.get("id").asInt();
      }
    }
    throw new Failure(Failure.REFUSED, "There is no user " + name + ".");
  }

  private static String path(Server server, Arguments given) throws Failure {
    return path(find(server, given.word(0)));
  }

  private static String path(JsonNode team) {
    return API + "teams/" + team.get("id").asInt() + "/";
  }

  private static JsonNode find(Server server, String owner) throws Failure {
    for (JsonNode team : server.list(API + "teams/")) {
      if (team.path("owner").asText().equals(owner)) {
        return team;
      }
    }
    throw new Failure(Failure.REFUSED, "There is no team " + owner + ".");
  }
}
