package dev.millrace.worker;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.docker.DockerRuntime;
import dev.millrace.worker.docker.ImageCache;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.http.TcpConnector;
import dev.millrace.worker.release.Updates;
import dev.millrace.worker.run.Disk;
import dev.millrace.worker.run.Essential;
import dev.millrace.worker.run.Readings;
import dev.millrace.worker.run.RunContext;
import dev.millrace.worker.run.Trash;
import dev.millrace.worker.runtime.ProcessOptions;
import dev.millrace.worker.runtime.ProcessRuntime;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.runtime.RunRuntime;
import dev.millrace.worker.runtime.RunUser;
import dev.millrace.worker.transfer.AddressGuard;
import dev.millrace.worker.transfer.InputCache;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.Json;
import dev.millrace.worker.wire.Master;
import dev.millrace.worker.wire.MasterException;
import dev.millrace.worker.wire.Secret;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The command line of the worker. */
public final class WorkerMain {
  static final int STOPPED = 0;
  static final int BROKEN = 1;
  static final int USAGE = 2;
  static final int REFUSED = 3;
  static final int IN_USE = 75;
  static final int CHANGES_OVER = 76;

  /** Says that who started this worker starts it again when it ends. */
  /** Removing a run starts none. */
  private static final ProcessOptions REMOVAL =
      new ProcessOptions(ProcessOptions.Trust.EVERYBODY, List.of(), Path.of("/nowhere"));

  private static final String RESTARTS = "MILLRACE_WORKER_RESTARTS";

  private static final Duration CHECK = Duration.ofSeconds(40);

  private static final Logger LOG = LoggerFactory.getLogger(WorkerMain.class);

  private final ObjectMapper json = Json.mapper();
  private final PrintStream err;

  private WorkerMain(PrintStream err) {
    this.err = err;
  }

  /**
   * Exit codes: 0 stopped, 1 broken, 2 wrong usage, 3 refused by the master, 69 no master answers,
   * 75 folder in use, 76 to be started again as another release.
   */
  public static void main(String[] arguments) {
    int code = BROKEN;
    try {
      code = new WorkerMain(System.err).run(List.of(arguments));
    } catch (RuntimeException | Error e) {
      Essential.end("main", e);
    }
    // Not exit: it would wait for itself when a signal has begun the shutdown already.
    System.err.flush();
    Runtime.getRuntime().halt(code);
  }

  private int run(List<String> arguments) {
    try {
      if (!arguments.isEmpty() && arguments.get(0).equals("run")) {
        return work(Options.parse(arguments.subList(1, arguments.size()), System.getenv()));
      }
      if (!arguments.isEmpty() && arguments.get(0).equals("check")) {
        return check(Options.parse(arguments.subList(1, arguments.size()), System.getenv()));
      }
      if (arguments.size() == 3
          && arguments.get(0).equals("remove")
          && arguments.get(1).equals("--dir")) {
        Path dir = Options.resolve(arguments.get(2), System.getenv());
        if (!Files.isDirectory(dir)) {
          return STOPPED;
        }
        String engine = WorkerFolder.engine(dir).orElse(Options.engine(System.getenv()));
        ImageCache.Limits all = new ImageCache.Limits(Long.MAX_VALUE, 100);
        ImageCache images = new ImageCache(dir, all, json, Clock.systemUTC());
        LeftRuns left =
            new LeftRuns(json, runtimes(List.of("process", "docker"), engine, images, REMOVAL));
        return left.remove(dir) ? STOPPED : BROKEN;
      }
      if (arguments.size() == 2 && arguments.get(0).equals("warm")) {
        warm(Path.of(arguments.get(1)));
      }
      err.print(Options.USAGE);
      return arguments.equals(List.of("--help")) ? STOPPED : USAGE;
    } catch (Options.UsageException e) {
      err.println("millrace-worker: " + e.getMessage());
      err.print(Options.USAGE);
      return USAGE;
    } catch (WorkerFolder.InUseException e) {
      err.println("millrace-worker: " + e.getMessage());
      return IN_USE;
    } catch (RefusedException e) {
      err.println("millrace-worker: " + e.getMessage());
      return REFUSED;
    } catch (IOException e) {
      err.println("millrace-worker: " + e.getMessage());
      LOG.debug("worker broke", e);
      return BROKEN;
    } catch (InterruptedException e) {
      return STOPPED;
    }
  }

  /**
   * An idle life of a second, for the build's record of classes; ends by exit to have it written.
   */
  private void warm(Path dir) throws IOException {
    try (Warmup master = new Warmup()) {
      Path token = dir.resolve("token");
      RunFolder.writePrivate(token, "token".getBytes(StandardCharsets.UTF_8));
      List<String> line =
          List.of(
              "run",
              "--dir",
              dir.resolve("worker").toString(),
              "--master",
              "http://127.0.0.1:" + master.port(),
              "--runtimes",
              "process,docker",
              "--join-token-file",
              token.toString());
      Thread worker = new Thread(() -> run(line), "worker");
      worker.setDaemon(true);
      worker.start();
      master.awaitClaims();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(STOPPED);
  }

  /** The master does not want this worker. */
  private static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }
  }

  private int work(Options options) throws IOException, InterruptedException, RefusedException {
    SSLSocketFactory tls = options.caFile() == null ? null : Certificates.trust(options.caFile());
    HttpClient http = new HttpClient(new TcpConnector((address, port) -> {}, tls));
    Master master = new Master(http, options.master(), json);
    try (WorkerFolder folder = WorkerFolder.open(options.dir(), json)) {
      folder.saveEngine(options.dockerHost());
      ImageCache images = new ImageCache(options.dir(), options.images(), json, Clock.systemUTC());
      Map<String, RunRuntime> runtimes =
          runtimes(options.runtimes(), options.dockerHost(), images, options.processes());
      InputCache cache =
          new InputCache(
              folder.cache(), options.cacheGiB() << 30, options.cachePercent(), Clock.systemUTC());
      RunContext context =
          new RunContext(
              master,
              json,
              Clock.systemUTC(),
              runtimes,
              http,
              ranges ->
                  new HttpClient(
                      new TcpConnector(new AddressGuard(ranges, address(options.master())), null)),
              cache,
              new Disk(folder.root(), options.minFreeMiB() << 20, cache),
              new Trash(folder.trash()),
              new Readings());
      WorkerFolder.Identity identity = join(options, context, folder);
      Updates updates = new Updates(folder.releases(), http, release(), trial(options));
      Worker worker = new Worker(folder, context, updates, options.slots(), identity);
      context.trash().start();
      Runtime.getRuntime().addShutdownHook(new Thread(worker::stop, "stop"));
      LOG.info(
          "worker ready id={} release={} group={} slots={} runtimes={} available={}",
          identity.workerId(),
          release(),
          identity.group(),
          options.slots(),
          options.runtimes(),
          context.available());
      return switch (worker.work()) {
        case STOPPED -> STOPPED;
        case REFUSED -> REFUSED;
        case CHANGES_OVER -> CHANGES_OVER;
      };
    }
  }

  /** How another release tries itself beside this worker. */
  private static Updates.Trial trial(Options options) {
    List<String> arguments =
        new ArrayList<>(
            List.of("--dir", options.dir().toString(), "--master", options.master().toString()));
    if (options.caFile() != null) {
      arguments.addAll(List.of("--ca-file", options.caFile().toString()));
    }
    return new Updates.Trial(arguments, "yes".equals(System.getenv(RESTARTS)));
  }

  /** Beats once for the worker that uses the folder now, which goes on. */
  private int check(Options options) throws IOException, InterruptedException {
    SSLSocketFactory tls = options.caFile() == null ? null : Certificates.trust(options.caFile());
    HttpClient http = new HttpClient(new TcpConnector((address, port) -> {}, tls));
    Master master = new Master(http, options.master(), json);
    master.credential(
        WorkerFolder.credential(options.dir())
            .orElseThrow(() -> new IOException(options.dir() + " has no worker")));
    long end = System.nanoTime() + CHECK.toNanos();
    Backoff backoff = Backoff.standard();
    while (true) {
      try {
        master.beat(new Wire.Beat(0, List.of(), 0, null, null, null, null));
        return STOPPED;
      } catch (MasterException e) {
        if (!e.transientFailure()) {
          throw e;
        }
        LOG.warn("check waits error={}", e.toString());
      } catch (IOException e) {
        LOG.warn("check waits error={}", e.toString());
      }
      if (System.nanoTime() - end > 0) {
        return Updates.AWAY;
      }
      Thread.sleep(backoff.next().toMillis());
    }
  }

  private Map<String, RunRuntime> runtimes(
      List<String> names, String engine, ImageCache images, ProcessOptions processes)
      throws IOException {
    Map<String, RunRuntime> runtimes = new HashMap<>();
    RunUser user = RunUser.current();
    for (String name : names) {
      runtimes.put(
          name,
          name.equals("docker")
              ? new DockerRuntime(engine, user, json, images)
              : new ProcessRuntime(user, processes));
    }
    return runtimes;
  }

  private static InetSocketAddress address(URI master) {
    int standard = "https".equals(master.getScheme()) ? 443 : 80;
    int port = master.getPort() < 0 ? standard : master.getPort();
    return InetSocketAddress.createUnresolved(String.valueOf(master.getHost()), port);
  }

  /** Registers where the folder has no credential yet, for as long as the master is away. */
  private WorkerFolder.Identity join(Options options, RunContext context, WorkerFolder folder)
      throws IOException, InterruptedException, RefusedException {
    Master master = context.master();
    WorkerFolder.Identity identity = folder.identity();
    Optional<Secret> known = folder.credential();
    if (known.isPresent() && identity.workerId() != null) {
      master.credential(known.get());
      return identity;
    }
    Secret token = joinToken(options.joinTokenFile());
    Machine machine = Machine.look();
    Wire.Register body =
        new Wire.Register(
            token,
            identity.nonce(),
            options.name(),
            release(),
            "linux",
            machine.arch(),
            List.of(1),
            options.slots(),
            machine.cpus(),
            machine.memoryMiB(),
            machine.gpus(),
            context.available());
    Backoff backoff = Backoff.standard();
    while (true) {
      try {
        Wire.Registered answer = master.register(body);
        Wire.Group group = answer.group();
        WorkerFolder.Identity joined =
            new WorkerFolder.Identity(
                identity.nonce(),
                answer.workerId(),
                group == null ? null : group.name(),
                answer.beatSeconds(),
                answer.pollSeconds());
        folder.saveCredential(answer.credential());
        folder.save(joined);
        master.credential(answer.credential());
        if (options.joinTokenFile() != null) {
          Files.deleteIfExists(options.joinTokenFile());
        }
        return joined;
      } catch (MasterException e) {
        if (!e.transientFailure()) {
          throw new RefusedException(String.valueOf(e.getMessage()));
        }
        LOG.warn("registration waits error={}", e.toString());
      } catch (IOException e) {
        if (backoff.attempts() % 10 == 0) {
          LOG.warn("master does not answer at {} error={}", options.master(), e.toString());
        }
      }
      Thread.sleep(backoff.next().toMillis());
    }
  }

  private static Secret joinToken(@Nullable Path file) throws IOException {
    String text;
    if (file == null) {
      byte[] line = System.in.readNBytes(4096);
      text = new String(line, StandardCharsets.UTF_8);
    } else {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      permissions.removeAll(
          Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
      if (!permissions.isEmpty()) {
        throw new IOException(
            file + " can be read by others: make it mode 0600 and ask for a new join token");
      }
      text = Files.readString(file);
    }
    String token = text.strip().lines().findFirst().orElse("").strip();
    if (token.isEmpty()) {
      throw new IOException(
          "this folder has no worker yet: give a join token in --join-token-file or on standard"
              + " input");
    }
    return new Secret(token);
  }

  /** The launcher tells it from the archive, in which no jar knows the contents of all. */
  private static String release() {
    String version = System.getProperty("millrace.worker.version");
    return version == null ? "0.1.0" : version;
  }
}
