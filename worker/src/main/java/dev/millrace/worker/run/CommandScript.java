package dev.millrace.worker.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The scripts that one run consists of: {@code start} sets the scene, {@code command} is the user's
 * commands, one shell for all, ended by the first that fails.
 */
final class CommandScript {
  private static final Set<String> SHELLS =
      Set.of("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh");

  private final List<String> commands;

  CommandScript(List<String> commands) {
    this.commands = List.copyOf(commands);
  }

  /** Sets variables and working directory and hands over to the command; $1 is its folder. */
  String start() {
    return """
        # Made by the Millrace worker.
        . "$1/env"
        cd "$VH_REPOSITORY_DIR" || exit 126
        mkdir -p "$HOME" 2>/dev/null
        # A stop leaves this file before it looks for processes: it found this one, or is seen here.
        [ ! -e "$1/stopping" ] || exit 130
        exec %s "$1/command"
        """
        .formatted(interpreter());
  }

  private String interpreter() {
    String first = shebang();
    if (first.isEmpty()) {
      return "/bin/sh";
    }
    // As the kernel reads it: the interpreter, and at most one argument.
    String[] parts = first.split("\\s+", 2);
    return parts.length == 1 ? quote(parts[0]) : quote(parts[0]) + " " + quote(parts[1].strip());
  }

  private String shebang() {
    if (commands.isEmpty() || !commands.get(0).startsWith("#!")) {
      return "";
    }
    return commands.get(0).lines().findFirst().orElse("").substring(2).strip();
  }

  /** The user's commands. */
  String command() {
    String shebang = shebang();
    if (!shebang.isEmpty() && !SHELLS.contains(shellName(shebang))) {
      return String.join("\n", commands) + "\n";
    }
    StringBuilder script = new StringBuilder();
    script.append(shebang.isEmpty() ? "" : "#!" + shebang + "\n");
    for (String command : commands) {
      // eval keeps an open quote or here-document of one item from swallowing the next.
      script.append("eval ").append(quote(command)).append('\n');
      script.append("millrace_code=$?; [ $millrace_code -eq 0 ] || exit $millrace_code\n");
    }
    return script.toString();
  }

  private static String shellName(String shebang) {
    String[] parts = shebang.split("\\s+");
    String name = String.valueOf(Path.of(parts[0]).getFileName());
    return name.equals("env") && parts.length > 1 ? parts[1] : name;
  }

  /** The variables as a shell script; names that no shell can export are left out. */
  static String environment(Map<String, String> variables) {
    StringBuilder script = new StringBuilder();
    new TreeMap<>(variables)
        .forEach(
            (name, value) -> {
              if (exportable(name)) {
                script.append("export ").append(name).append('=').append(quote(value));
                script.append('\n');
              }
            });
    return script.toString();
  }

  /** Whether a shell can export a variable of this name. */
  static boolean exportable(String name) {
    return name.matches("[A-Za-z_][A-Za-z0-9_]*");
  }

  private static String quote(String text) {
    return "'" + text.replace("'", "'\\''").replace("\0", "") + "'";
  }
}
