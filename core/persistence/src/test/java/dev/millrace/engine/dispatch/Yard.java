package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.artifacts.Images;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.Transfer;
import dev.millrace.engine.artifacts.Transfers;
import dev.millrace.engine.artifacts.WorkerReleases;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.logs.FileLogs;
import dev.millrace.engine.queue.InProcessQueue;
import dev.millrace.engine.service.Desk;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.spi.registry.PullCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** What a worker speaks with, on a database, with clocks that are moved by hand. */
final class Yard {
  final Desk desk;
  final Database database;
  final AtomicLong nanos = new AtomicLong(1);
  final Settings settings;
  final WorkerReleases releases;
  final Leases leases;
  final Claims claims;
  final Wakes wakes;
  final Registrations registrations;
  final Reports reports;
  final Outputs outputs;
  final Readiness readiness;
  final FileLogs logs;
  final LostRuns lost;
  final InProcessQueue queue = new InProcessQueue();

  Yard(Database database, Path folder) {
    this.database = database;
    this.desk = new Desk(database, folder);
    Map<String, String> values =
        Map.of(
            "millrace.data",
            folder.toString(),
            "millrace.home",
            folder.toString(),
            "millrace.worker.lost.seconds",
            "60",
            "millrace.output.files",
            "5",
            "millrace.output.bytes",
            "1000");
    this.settings = new Settings(values::get);
    Transfers transfers = new AwayTransfers(desk.blobs);
    this.releases = new WorkerReleases(database, desk.blobs, transfers, settings, nanos::get);
    this.releases.refresh();
    Assignments assignments =
        new Assignments(database, transfers, new NoRegistry(), desk.key, settings);
    this.leases = new Leases(database, desk.key, assignments, releases, desk.clock);
    this.readiness = new Readiness(database, desk.blobs, nanos::get);
    this.claims = new Claims(database, leases, readiness, releases, queue, settings, nanos::get);
    this.wakes = new Wakes(database, settings);
    this.registrations = new Registrations(database, desk.key, releases, settings, desk.clock);
    this.logs = new FileLogs(folder.resolve("logs"), desk.clock);
    this.reports = new Reports(database, leases, logs, queue, settings, desk.clock);
    this.lost = new LostRuns(database, logs, queue, desk.key, settings, desk.clock);
    this.outputs = new Outputs(database, leases, transfers, desk.blobs, settings, desk.clock);
  }

  Images noRegistry() {
    return new NoRegistry();
  }

  LeaseWatch watch() {
    return new LeaseWatch(database, leases, lost, queue, settings, nanos::get);
  }

  /** Lets that time pass, a second at a time, as the loop would see it. */
  void watch(LeaseWatch watch, Duration time) {
    for (long i = 0; i < time.toSeconds(); i++) {
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
      desk.clock.now = desk.clock.now.plusSeconds(1);
      watch.tick();
    }
  }

  /** A token for the desk's environment. */
  String joinToken(Environment group) {
    Secret text = desk.key.newToken();
    database.transact(
        s -> {
          s.tokens()
              .insert(
                  new JoinToken(
                      new TokenId(desk.ids.next()),
                      InstallationKey.hash(text),
                      group.id(),
                      Optional.empty(),
                      desk.clock.now,
                      desk.clock.now.plus(JoinToken.LIFE),
                      Optional.empty(),
                      Optional.empty()));
          return true;
        });
    return text.reveal();
  }

  static Messages.Register register(String token, String nonce, String name) {
    return new Messages.Register(
        token,
        nonce,
        name,
        "0.0.0",
        "linux",
        "amd64",
        List.of(1),
        1,
        2,
        4096,
        List.of(),
        List.of("process"));
  }

  Worker worker(String name) {
    return worker(name, desk.environment);
  }

  Worker worker(String name, Environment group) {
    Messages.Registered joined =
        registrations.register(register(joinToken(group), UUID.randomUUID().toString(), name));
    return registrations.authenticate(joined.credential());
  }

  /** An execution that waits in the queue. */
  Execution queued(Actor actor, Project project, int priority) {
    ExecutionId id = desk.run(actor, project).execution().id();
    desk.clock.now = desk.clock.now.plusMillis(1);
    Execution queued =
        desk.change(
            id, c -> c.status(ExecutionStatus.QUEUED).priority(priority).queuedAt(desk.clock.now));
    database.transact(s -> Readiness.note(s, queued));
    return queued;
  }

  Execution queued() {
    return queued(desk.ada, desk.adas, 0);
  }

  Execution row(ExecutionId id) {
    return database.read(s -> s.executions().find(new Scope.Everything(), id)).orElseThrow();
  }

  /** The answer to a claim, if the next look of the loop has one. */
  Optional<Messages.Offer> claim(Worker worker) {
    AtomicReference<Optional<Messages.Claimed>> answer = new AtomicReference<>(Optional.empty());
    claims.claim(worker, 1, answer::set);
    synchronized (claims) {
      claims.tick();
    }
    return answer.get().map(Messages.Claimed::offer);
  }

  JsonNode accept(Worker worker, Messages.Offer offer) {
    return leases.accept(worker, ExecutionId.parse(offer.executionId()), offer.token());
  }

  /** A run of that worker: its lease token. */
  String started(Worker worker, Execution execution) {
    Messages.Offer offer = claim(worker).orElseThrow();
    if (!offer.executionId().equals(execution.id().toString())) {
      throw new IllegalStateException("another execution was offered");
    }
    return accept(worker, offer).get("lease").asText();
  }

  String order(Worker worker, ExecutionId id, String lease) {
    Messages.Orders orders =
        leases.beat(
            worker,
            new Messages.Beat(
                0,
                List.of(new Messages.RunBeat(id.toString(), lease, "running")),
                1,
                null,
                null,
                null,
                null));
    return orders.runs().get(0).order();
  }

  List<String> facts(ExecutionId id) {
    return database.read(s -> s.facts().of(id, 100)).stream().map(f -> f.kind()).toList();
  }

  /** Like the store, not there while that is away. */
  private record AwayTransfers(Desk.MemoryBlobs blobs) implements Transfers {
    @Override
    public Transfer download(
        DataStore store, String key, Optional<String> fileName, Duration validity, String base) {
      return new Desk.NoTransfers().download(store, key, fileName, validity, base);
    }

    @Override
    public Transfer upload(
        DataStore store, String key, long bytes, Duration validity, String base) {
      blobs.away.ifPresent(
          why -> {
            throw new StoreUnavailable(why);
          });
      return new Desk.NoTransfers().upload(store, key, bytes, validity, base);
    }
  }

  private static final class NoRegistry implements Images {
    @Override
    public Optional<String> resolve(String reference) {
      return Optional.empty();
    }

    @Override
    public Optional<PullCredentials> credentials(String reference) {
      return Optional.empty();
    }
  }
}
