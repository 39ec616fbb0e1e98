package dev.millrace.provider.onprem;

import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Secret;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.NodeRequest;
import dev.millrace.spi.compute.WorkerBoot;
import dev.millrace.spi.compute.WorkerRelease;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** A real worker archive with a small program in it that behaves as the wire's page says. */
final class StandIn {
  static final String TOKEN = "join-token-canary-5b1f";
  static final InstallationId INSTALLATION = new InstallationId("inst-a");

  /** Joins (takes the token file away), starts one "run" in a session of its own, and waits. */
  private static final String PROGRAM =
      """
      #!/bin/sh
      verb=$1; shift
      all="$*"
      while [ $# -gt 0 ]; do
        case $1 in
          --dir) dir=$2 ;;
          --join-token-file) token=$2 ;;
        esac
        shift 2
      done
      if [ "$verb" = remove ]; then echo "$all" > "$dir/../../../../removed"; exit 0; fi
      [ -e "$dir/broken" ] && exit 3
      echo "$all" > "$dir/args"
      if [ -n "$token" ]; then cp -p "$token" "$dir/.joined"; mv "$dir/.joined" "$dir/joined"; rm -f "$token"; fi
      if [ ! -e "$dir/runs/run-1" ]; then
        mkdir -p "$dir/runs/run-1"
        env -i PATH="$PATH" MILLRACE_RUN=run-1 setsid sh -c 'sleep 600; true' 9>&- &
        echo $! > "$dir/runs/run-1/pid"
      fi
      echo $$ >> "$dir/starts"
      exec sleep 600
      """;

  private StandIn() {}

  /**
   * Makes the archive, with the program at its top or one folder below, and answers its release.
   */
  static WorkerRelease archive(Path folder, String top) throws Exception {
    Path root = Files.createDirectories(folder.resolve("tree").resolve(top));
    Path program = Files.createDirectories(root.resolve("bin")).resolve("millrace-worker");
    Files.writeString(program, PROGRAM);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path archive = folder.resolve("worker.tar.gz");
    Process tar =
        new ProcessBuilder(
                "tar", "-czf", archive.toString(), "-C", folder.resolve("tree").toString(), ".")
            .start();
    if (tar.waitFor() != 0) {
      throw new IOException("tar failed");
    }
    return new WorkerRelease("1.0", archive.toUri(), sha256(archive));
  }

  static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  static WorkerBoot boot(WorkerRelease release) {
    return new WorkerBoot(URI.create("http://127.0.0.1:9"), Secret.of(TOKEN), release, 4);
  }

  static NodeRequest request(String key, WorkerRelease release) {
    WorkerBoot boot = boot(release);
    return new NodeRequest() {
      @Override
      public String key() {
        return key;
      }

      @Override
      public InstallationId installation() {
        return INSTALLATION;
      }

      @Override
      public String group() {
        return "group-a";
      }

      @Override
      public String machineType() {
        return Machines.TYPE;
      }

      @Override
      public Set<Feature> wanted() {
        return Set.of();
      }

      @Override
      public Optional<String> image() {
        return Optional.empty();
      }

      @Override
      public Optional<String> zone() {
        return Optional.empty();
      }

      @Override
      public Optional<String> network() {
        return Optional.empty();
      }

      @Override
      public Map<String, String> labels() {
        return Map.of();
      }

      @Override
      public OptionalInt diskGiB() {
        return OptionalInt.empty();
      }

      @Override
      public Optional<BigDecimal> spotCeilingPerHour() {
        return Optional.empty();
      }

      @Override
      public String bootScript() {
        return "#!/bin/sh\n";
      }

      @Override
      public WorkerBoot worker() {
        return boot;
      }
    };
  }

  interface Condition {
    boolean holds() throws Exception;
  }

  static void await(String what, Condition condition) throws Exception {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!condition.holds()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within 60 s: " + what);
      }
      LockSupport.parkNanos(20_000_000L);
    }
  }

  static List<String> lines(Path file) throws IOException {
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }
}
