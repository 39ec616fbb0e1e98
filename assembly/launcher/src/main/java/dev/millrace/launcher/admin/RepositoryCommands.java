package dev.millrace.launcher.admin;

import static dev.millrace.launcher.admin.Commands.API;
import static dev.millrace.launcher.admin.Commands.command;
import static dev.millrace.launcher.admin.Commands.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code bin/millrace repository …}: from which Git repository a project's commits come. */
final class RepositoryCommands {
  static final Command SHOW =
      command(
          "repository show PROJECT",
          Map.of(),
          "Shows address, refs, user name, and the public key for SSH. PROJECT is a name,"
              + " owner/name or id.",
          RepositoryCommands::show);
  static final Command SET =
      command(
          "repository set PROJECT URL",
          Map.of(
              "ref", true,
              "username", true,
              "password-stdin", false,
              "no-password", false,
              "host-key-file", true),
          "Sets the address. --password-stdin reads a password or token for HTTPS; --host-key-file"
              + " names a file of the SSH server's keys, as ssh-keyscan prints them.",
          RepositoryCommands::set);
  static final Command KEY =
      command(
          "repository key PROJECT",
          Map.of(),
          "Prints the public key that an SSH server must be given.",
          RepositoryCommands::key);
  static final Command NEW_KEY =
      command(
          "repository new-key PROJECT",
          Map.of(),
          "Replaces the project's SSH key and prints the new public one.",
          RepositoryCommands::newKey);
  static final Command FETCH =
      command(
          "repository fetch PROJECT",
          Map.of(),
          "Fetches what is new and lists the refs.",
          RepositoryCommands::fetch);

  private RepositoryCommands() {}

  private static void show(Server server, Arguments given, Screen screen) throws Failure {
    screen.one(server.get(project(server, given) + "repository/"));
  }

  private static void set(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("url", given.word(1));
    given.option("ref").ifPresent(v -> body.put("ref", v));
    given.option("username").ifPresent(v -> body.put("username", v));
    if (given.flag("no-password")) {
      body.put("password", "");
    }
    if (given.flag("password-stdin")) {
      body.put("password", screen.password(true));
    }
    if (given.option("host-key-file").isPresent()) {
      body.put("host_key", read(Path.of(given.option("host-key-file").get())));
    }
    screen.one(server.send("PUT", project(server, given) + "repository/", body));
  }

  private static String read(Path file) throws Failure {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw Failure.usage("cannot read " + file);
    }
  }

  private static void key(Server server, Arguments given, Screen screen) throws Failure {
    print(server.get(project(server, given) + "repository/"), given, screen);
  }

  private static void newKey(Server server, Arguments given, Screen screen) throws Failure {
    print(server.send("POST", project(server, given) + "repository/key/", Map.of()), given, screen);
  }

  private static void print(JsonNode repository, Arguments given, Screen screen) throws Failure {
    if (!repository.path("public_key").isTextual()) {
      throw new Failure(
          Failure.REFUSED,
          given.word(0)
              + " has no SSH key; it is made when its repository is set to an SSH address");
    }
    screen.done(repository, text(repository, "public_key"));
  }

  private static void fetch(Server server, Arguments given, Screen screen) throws Failure {
    JsonNode fetched = server.send("POST", project(server, given) + "fetch/", Map.of());
    List<JsonNode> commits = new ArrayList<>();
    fetched.path("commits").forEach(commits::add);
    for (JsonNode error : fetched.path("errors")) {
      screen.warn(error.asText());
    }
    screen.rows(commits, "ref", "identifier");
    if (commits.isEmpty() && !fetched.path("errors").isEmpty()) {
      throw new Failure(Failure.REFUSED, "nothing was fetched");
    }
  }

  /** The path of the one project that the word names. */
  private static String project(Server server, Arguments given) throws Failure {
    String wanted = given.word(0);
    String found = "";
    for (JsonNode project : server.list(API + "projects/")) {
      String name = text(project, "name");
      String full = project.path("owner").path("username").asText() + "/" + name;
      if (text(project, "id").equals(wanted) || full.equals(wanted) || name.equals(wanted)) {
        if (!found.isEmpty()) {
          throw Failure.usage("several projects are named " + wanted + "; write OWNER/NAME");
        }
        found = text(project, "id");
      }
    }
    if (found.isEmpty()) {
      throw new Failure(Failure.REFUSED, "There is no project " + wanted + ".");
    }
    return API + "projects/" + found + "/";
  }
}
