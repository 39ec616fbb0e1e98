package dev.millrace.launcher.admin;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Every command, by noun. */
final class Commands {
  static final String API = "/api/v0/";
  private static final Map<String, Boolean> NONE = Map.of();
  private static final Map<String, Boolean> PERSON =
      Map.of(
          "email", true,
          "first-name", true,
          "last-name", true,
          "admin", true);
  private static final Map<String, Boolean> GROUP =
      Map.ofEntries(
          Map.entry("name", true),
          Map.entry("description", true),
          Map.entry("owner", true),
          Map.entry("provider", true),
          Map.entry("machine-type", true),
          Map.entry("slots", true),
          Map.entry("scale-min", true),
          Map.entry("scale-max", true),
          Map.entry("scale-down-grace-period", true),
          Map.entry("runtime", true),
          Map.entry("per-hour-price-usd", true),
          Map.entry("allowed-mounts", true),
          Map.entry("enabled", true));

  static final List<Command> ALL =
      List.of(
          command("user list", NONE, "Lists users.", Commands::users),
          command("user show NAME", NONE, "Shows a user.", Commands::user),
          command(
              "user create NAME",
              with(PERSON, Map.of("password-stdin", false, "no-password", false)),
              "Makes a user; asks for the password, or reads it from standard input.",
              Commands::makeUser),
          command(
              "user update NAME",
              PERSON,
              "Changes a user; --admin takes true or false.",
              Commands::updateUser),
          command(
              "user password NAME",
              Map.of("password-stdin", false),
              "Sets a password and ends the user's sessions in browsers.",
              Commands::password),
          command("user disable NAME", NONE, "Shuts a user out.", enable(false)),
          command("user enable NAME", NONE, "Lets a user in again.", enable(true)),
          command("organization list", NONE, "Lists organisations.", Commands::organizations),
          command("organization show NAME", NONE, "Shows an organisation.", Commands::organization),
          command(
              "organization create NAME",
              NONE,
              "Makes an organisation.",
              Commands::makeOrganization),
          command("organization members NAME", NONE, "Lists its members.", Commands::members),
          command(
              "organization add-member NAME USER",
              Map.of("admin", false),
              "Makes a user a member, or changes what they are there.",
              Commands::addMember),
          command(
              "organization remove-member NAME USER",
              NONE,
              "Takes a member out.",
              Commands::removeMember),
          command(
              "token list",
              Map.of("user", true),
              "Lists API tokens, your own by default.",
              Commands::tokens),
          command(
              "token create NAME",
              Map.of("user", true, "expires", true),
              "Makes an API token and prints it, this once; --expires takes 45m, 12h or 30d.",
              Commands::makeToken),
          command("token revoke ID", NONE, "Ends an API token at once.", Commands::revokeToken),
          command(
              "group list", NONE, "Lists environments, which are worker groups.", Commands::groups),
          command("group show SLUG", NONE, "Shows an environment.", Commands::group),
          command("group create SLUG", GROUP, "Makes an environment.", Commands::makeGroup),
          command(
              "group update SLUG",
              GROUP,
              "Changes an environment; --allowed-mounts takes folders of its machines, /a,/b.",
              Commands::updateGroup),
          command(
              "group join-token SLUG",
              Map.of("expires", true),
              "Prints a token with which one worker joins within an hour, or within --expires 5m.",
              Commands::joinToken),
          RepositoryCommands.SHOW,
          RepositoryCommands.SET,
          RepositoryCommands.KEY,
          RepositoryCommands.NEW_KEY,
          RepositoryCommands.FETCH);

  private Commands() {}

  static Command command(
      String usage, Map<String, Boolean> options, String meaning, Command.Work work) {
    List<String> words = List.of(usage.split(" ", -1));
    return new Command(
        words.get(0), words.get(1), words.subList(2, words.size()), options, meaning, work);
  }

  private static Map<String, Boolean> with(Map<String, Boolean> some, Map<String, Boolean> others) {
    Map<String, Boolean> all = new LinkedHashMap<>(some);
    all.putAll(others);
    return all;
  }

  private static void users(Server server, Arguments given, Screen screen) throws Failure {
    screen.rows(
        server.list(API + "users/"), "id", "username", "email", "is_admin", "is_active", "ctime");
  }

  private static void user(Server server, Arguments given, Screen screen) throws Failure {
    screen.one(find(server, "users", given.word(0)));
  }

  private static void makeUser(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body = person(given);
    body.put("username", given.word(0));
    if (!given.flag("no-password")) {
      body.put("password", screen.password(given.flag("password-stdin")));
    }
    JsonNode made = server.send("POST", API + "users/", body);
    screen.done(made, "User " + given.word(0) + " is made, number " + made.get("id") + ".");
  }

  private static void updateUser(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body = person(given);
    if (body.isEmpty()) {
      throw Failure.usage("name what to change");
    }
    screen.one(server.send("PATCH", path(server, "users", given.word(0)), body));
  }

  private static void password(Server server, Arguments given, Screen screen) throws Failure {
    String path = path(server, "users", given.word(0));
    String password = screen.password(given.flag("password-stdin"));
    screen.done(
        server.send("PATCH", path, Map.of("password", password)),
        "The password of " + given.word(0) + " is set.");
  }

  private static Command.Work enable(boolean active) {
    return (server, given, screen) ->
        screen.done(
            server.send("PATCH", path(server, "users", given.word(0)), Map.of("is_active", active)),
            "User " + given.word(0) + (active ? " may come in." : " is shut out."));
  }

  private static void organizations(Server server, Arguments given, Screen screen) throws Failure {
    screen.rows(server.list(API + "organizations/"), "id", "name", "ctime");
  }

  private static void organization(Server server, Arguments given, Screen screen) throws Failure {
    screen.one(find(server, "organizations", given.word(0)));
  }

  private static void makeOrganization(Server server, Arguments given, Screen screen)
      throws Failure {
    JsonNode made = server.send("POST", API + "organizations/", Map.of("name", given.word(0)));
    screen.done(made, "Organisation " + given.word(0) + " is made, number " + made.get("id") + ".");
  }

  private static void members(Server server, Arguments given, Screen screen) throws Failure {
    screen.rows(
        server.list(path(server, "organizations", given.word(0)) + "members/"),
        "user/id",
        "user/username",
        "is_admin");
  }

  private static void addMember(Server server, Arguments given, Screen screen) throws Failure {
    screen.done(
        server.send(
            "POST",
            path(server, "organizations", given.word(0)) + "members/",
            Map.of("username", given.word(1), "is_admin", given.flag("admin"))),
        given.word(1) + " is a member of " + given.word(0) + ".");
  }

  private static void removeMember(Server server, Arguments given, Screen screen) throws Failure {
    String members = path(server, "organizations", given.word(0)) + "members/";
    for (JsonNode member : server.list(members)) {
      if (member.at("/user/username").asText().equals(given.word(1))) {
        screen.done(
            server.delete(members + member.at("/user/id").asInt() + "/"),
            given.word(1) + " is no member of " + given.word(0) + " any more.");
        return;
      }
    }
    throw new Failure(Failure.REFUSED, given.word(1) + " is no member of " + given.word(0));
  }

  private static void tokens(Server server, Arguments given, Screen screen) throws Failure {
    Optional<String> user = given.option("user");
    String query = user.isEmpty() ? "" : "?user=" + id(server, user.get());
    screen.rows(server.list(API + "tokens/" + query), "id", "name", "ctime", "expires", "revoked");
  }

  private static void makeToken(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("name", given.word(0));
    given.seconds("expires").ifPresent(seconds -> body.put("expires_in", seconds));
    if (given.option("user").isPresent()) {
      body.put("user", id(server, given.option("user").get()));
    }
    JsonNode made = server.send("POST", API + "tokens/", body);
    screen.secret(
        made,
        text(made, "token"),
        "This token is never shown again. Its number is " + text(made, "id") + ".");
  }

  private static void revokeToken(Server server, Arguments given, Screen screen) throws Failure {
    String id = given.word(0);
    if (!id.matches("[0-9A-Fa-f-]{32,36}")) {
      throw Failure.usage("ID is the number of a token as \"token list\" shows it, not the token");
    }
    screen.done(server.delete(API + "tokens/" + id + "/"), "The token is revoked.");
  }

  private static void groups(Server server, Arguments given, Screen screen) throws Failure {
    screen.rows(
        server.list(API + "environments/"),
        "slug",
        "name",
        "enabled",
        "provider",
        "machine_type",
        "slots",
        "scale_min",
        "scale_max",
        "runtime",
        "owner");
  }

  private static void group(Server server, Arguments given, Screen screen) throws Failure {
    screen.one(server.get(API + "environments/" + slug(given) + "/"));
  }

  private static void makeGroup(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body = groupBody(given);
    body.put("slug", slug(given));
    screen.done(
        server.send("POST", API + "environments/", body), "Group " + slug(given) + " is made.");
  }

  private static void updateGroup(Server server, Arguments given, Screen screen) throws Failure {
    Map<String, Object> body = groupBody(given);
    if (body.isEmpty()) {
      throw Failure.usage("name what to change");
    }
    screen.one(server.send("PATCH", API + "environments/" + slug(given) + "/", body));
  }

  /** When a join token is to expire, where that was said. */
  static Map<String, Object> expiry(Arguments given) throws Failure {
    return given
        .seconds("expires")
        .map(seconds -> Map.<String, Object>of("expires_in", seconds))
        .orElse(Map.of());
  }

  private static void joinToken(Server server, Arguments given, Screen screen) throws Failure {
    JsonNode made =
        server.send("POST", API + "environments/" + slug(given) + "/join_tokens/", expiry(given));
    screen.secret(
        made,
        text(made, "token"),
        "One worker can join with it until "
            + text(made, "expires")
            + "; give it to the worker by standard input or a file of mode 0600.");
  }

  private static Map<String, Object> person(Arguments given) throws Failure {
    Map<String, Object> body = new LinkedHashMap<>();
    given.option("email").ifPresent(v -> body.put("email", v));
    given.option("first-name").ifPresent(v -> body.put("first_name", v));
    given.option("last-name").ifPresent(v -> body.put("last_name", v));
    truth(given, "admin").ifPresent(v -> body.put("is_admin", v));
    return body;
  }

  private static Map<String, Object> groupBody(Arguments given) throws Failure {
    Map<String, Object> body = new LinkedHashMap<>();
    for (String text :
        List.of(
            "name",
            "description",
            "owner",
            "provider",
            "machine-type",
            "runtime",
            "per-hour-price-usd")) {
      given.option(text).ifPresent(v -> body.put(text.replace('-', '_'), v));
    }
    for (String number : List.of("slots", "scale-min", "scale-max", "scale-down-grace-period")) {
      given.number(number).ifPresent(v -> body.put(number.replace('-', '_'), v));
    }
    truth(given, "enabled").ifPresent(v -> body.put("enabled", v));
    given
        .option("allowed-mounts")
        .ifPresent(
            v -> body.put("allowed_mounts", v.isEmpty() ? List.of() : List.of(v.split(",", -1))));
    return body;
  }

  private static Optional<Boolean> truth(Arguments given, String name) throws Failure {
    Optional<String> text = given.option(name);
    if (text.isPresent() && !text.get().matches("true|false")) {
      throw Failure.usage("option --" + name + " takes true or false");
    }
    return text.map(Boolean::parseBoolean);
  }

  static String slug(Arguments given) throws Failure {
    if (!given.word(0).matches("[A-Za-z0-9._-]+")) {
      throw Failure.usage("SLUG has letters, digits and . _ -");
    }
    return given.word(0);
  }

  private static String path(Server server, String nouns, String name) throws Failure {
    return API + nouns + "/" + find(server, nouns, name).get("id").asInt() + "/";
  }

  private static int id(Server server, String user) throws Failure {
    return find(server, "users", user).get("id").asInt();
  }

  private static JsonNode find(Server server, String nouns, String name) throws Failure {
    for (JsonNode row : server.list(API + nouns + "/")) {
      if (text(row, "username").equals(name)) {
        return row;
      }
    }
    throw new Failure(
        Failure.REFUSED,
        "There is no " + (nouns.equals("users") ? "user " : "organisation ") + name + ".");
  }

  static String text(JsonNode thing, String member) {
    return thing.path(member).asText();
  }
}
