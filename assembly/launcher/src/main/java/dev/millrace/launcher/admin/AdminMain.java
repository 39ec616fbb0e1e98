package dev.millrace.launcher.admin;

import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code bin/millrace user|organization|team|token|group|repository|worker …}. */
public final class AdminMain {
  private final Map<String, String> environment;
  private final InputStream in;
  private final PrintStream out;
  private final PrintStream err;

  AdminMain(Map<String, String> environment, InputStream in, PrintStream out, PrintStream err) {
    this.environment = environment;
    this.in = in;
    this.out = out;
    this.err = err;
  }

  /** The first argument is the master's data folder, the rest is the command. */
  public static void main(String[] arguments) {
    List<String> all = List.of(arguments);
    System.exit(
        new AdminMain(System.getenv(), System.in, System.out, System.err)
            .run(Path.of(all.get(0)), all.subList(1, all.size())));
  }

  /** Runs a command and returns the exit code of the process. */
  int run(Path data, List<String> words) {
    String noun = words.get(0);
    boolean help = words.contains("--help") || words.contains("-h");
    Optional<Command> command =
        commands()
            .filter(c -> c.noun().equals(noun))
            .filter(c -> words.size() > 1 && c.verb().equals(words.get(1)))
            .findFirst();
    try {
      if (command.isEmpty()) {
        if (help) {
          help(out, noun);
          return 0;
        }
        help(err, noun);
        throw Failure.usage(
            words.size() > 1 ? "\"" + words.get(1) + "\" is no command" : "name a command");
      }
      if (help) {
        out.println("Usage: millrace " + command.get().usage() + " [--json]");
        out.println(command.get().meaning());
        return 0;
      }
      Arguments given =
          Arguments.read(
              words.subList(2, words.size()), command.get().words(), command.get().options());
      Screen screen = new Screen(in, out, err, given.flag("json"));
      command.get().work().run(Server.of(environment, data), given, screen);
      return 0;
    } catch (Failure e) {
      err.println("millrace: " + e.getMessage());
      if (e.code() == Failure.USAGE) {
        command.ifPresent(c -> err.println("Usage: millrace " + c.usage() + " [--json]"));
      }
      return e.code();
    }
  }

  private static Stream<Command> commands() {
    return Stream.of(Commands.ALL, TeamCommands.ALL, WorkerCommands.ALL).flatMap(List::stream);
  }

  private static void help(PrintStream to, String noun) {
    to.println("Usage: millrace " + noun + " COMMAND … [--json] [--help]");
    commands()
        .filter(each -> each.noun().equals(noun))
        .forEach(
            each -> {
              to.println("  " + each.usage());
              to.println("      " + each.meaning());
            });
    to.println(
        "Environment: MILLRACE_URL and MILLRACE_TOKEN; without them the master of this machine, as"
            + " its first administrator.");
    to.println("Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no server answers.");
  }
}
