package dev.millrace.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Another machine: a network namespace that reaches this one by a veth pair and nothing else, for
 * it has no default route.
 */
final class Netns implements AutoCloseable {
  private final String name;
  private final String here;

  private Netns(String name, String here) {
    this.name = name;
    this.here = here;
  }

  static Netns open() {
    Machine.require(Machine.has("ip"), "ip (package iproute2)");
    Machine.require("root".equals(System.getProperty("user.name")), "root");
    long pid = ProcessHandle.current().pid();
    String name = "it-" + pid;
    String net = "10.213." + (1 + pid % 250);
    Netns made = new Netns(name, net + ".1");
    made.ip("netns add " + name);
    made.ip("link add " + name + "a type veth peer name " + name + "b");
    made.ip("link set " + name + "b netns " + name);
    made.ip("addr add " + net + ".1/24 dev " + name + "a");
    made.ip("link set " + name + "a up");
    made.ip("-n " + name + " addr add " + net + ".2/24 dev " + name + "b");
    made.ip("-n " + name + " link set " + name + "b up");
    made.ip("-n " + name + " link set lo up");
    return made;
  }

  /** The address by which the other machine reaches this one. */
  String here() {
    return here;
  }

  /** Runs a shell there that reads {@code script} from standard input. */
  Machine.Result shell(Path folder, String script) {
    try {
      Path input = Files.createTempFile(folder, "script", ".sh");
      Path output = Files.createTempFile(folder, "output", ".txt");
      Files.writeString(input, script + "\n");
      Process process =
          new ProcessBuilder("ip", "netns", "exec", name, "sh", "-s")
              .directory(folder.toFile())
              .redirectErrorStream(true)
              .redirectInput(input.toFile())
              .redirectOutput(output.toFile())
              .start();
      if (!process.waitFor(Duration.ofMinutes(3).toMillis(), TimeUnit.MILLISECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        throw new AssertionError("the script did not end: " + Files.readString(output));
      }
      return new Machine.Result(process.exitValue(), Files.readString(output));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private String ip(String arguments) {
    return Machine.run(Machine.repository(), List.of(("ip " + arguments).split(" ")))
        .expectSuccess();
  }

  @Override
  public void close() {
    ip("netns del " + name);
  }
}
