package dev.millrace.worker.runtime;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** How much of its own a plain process gets, as the machine allows. */
public enum Isolation {
  ROOT_NAMESPACE("root-namespace"),
  USER_NAMESPACE("user-namespace"),
  ROOT_PLAIN("root-plain"),
  PLAIN("plain");

  private static final List<String> ROOT_UNSHARE =
      List.of("unshare", "--mount", "--pid", "--fork", "--propagation", "private");
  private static final List<String> USER_UNSHARE =
      List.of(
          "unshare",
          "--user",
          "--map-root-user",
          "--mount",
          "--pid",
          "--fork",
          "--propagation",
          "private");

  private final String word;

  Isolation(String word) {
    this.word = word;
  }

  /** The word that the supervisor knows it by. */
  String word() {
    return word;
  }

  /** Whether the run has its own mount and PID namespace. */
  public boolean namespaced() {
    return this == ROOT_NAMESPACE || this == USER_NAMESPACE;
  }

  /** What stands before the supervisor's shell. */
  List<String> prefix() {
    return switch (this) {
      case ROOT_NAMESPACE -> ROOT_UNSHARE;
      case USER_NAMESPACE -> USER_UNSHARE;
      case ROOT_PLAIN, PLAIN -> List.of();
    };
  }

  /** Tries once what this machine allows. */
  public static Isolation probe(int uid) {
    if (uid == 0) {
      boolean drops =
          works(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"), "id -u");
      if (drops && works(ROOT_UNSHARE, "mount -t tmpfs tmpfs /mnt && mount -t proc proc /proc")) {
        return ROOT_NAMESPACE;
      }
      return drops ? ROOT_PLAIN : PLAIN;
    }
    return userNamespaces(uid) ? USER_NAMESPACE : PLAIN;
  }

  /** Whether a user may have namespaces of their own here. */
  static boolean userNamespaces(int uid) {
    String inner =
        "mount --rbind / /mnt && cd /mnt && pivot_root . mnt && umount -l /mnt"
            + " && mount -t proc proc /proc && unshare --user --map-user="
            + uid
            + " --map-group="
            + uid
            + " true";
    return works(USER_UNSHARE, inner);
  }

  private static boolean works(List<String> prefix, String script) {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of("/bin/sh", "-c", script));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
