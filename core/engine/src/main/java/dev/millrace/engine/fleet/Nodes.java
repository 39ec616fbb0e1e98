package dev.millrace.engine.fleet;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.NodeStore;
import dev.millrace.engine.store.Session;
import dev.millrace.spi.compute.Node;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rows of wanted machines and of the workers on them; written by the leading master only. */
final class Nodes {
  private static final Logger log = LoggerFactory.getLogger(Nodes.class);
  static final int MANY = 10_000;

  private final Database database;
  private final Leadership leadership;
  private final Clock clock;
  private final String me;

  Nodes(Database database, Leadership leadership, Clock clock, String me) {
    this.database = database;
    this.me = me;
    this.leadership = leadership;
    this.clock = clock;
  }

  /** All that are not gone, oldest first. */
  List<WantedNode> living() {
    return database.read(s -> s.nodes().list(Optional.empty(), MANY));
  }

  /** Whether a row that is not gone means that node: it has its key, and names no other node. */
  boolean means(Node node) {
    return database
        .read(s -> s.nodes().find(node.key()))
        .filter(row -> row.state() != WantedNode.State.GONE)
        .filter(row -> row.nodeId().orElse(node.id().value()).equals(node.id().value()))
        .isPresent();
  }

  /** By the keys of machines from which a worker has joined. */
  Map<String, Long> beats() {
    return database.read(s -> s.nodes().beats());
  }

  /**
   * What the machines of a group have to do.
   *
   * @param runs by node key, those that still upload too
   * @param running all that hold a slot
   */
  record Load(Map<String, Integer> runs, int running) {
    int runs(WantedNode row) {
      return runs.getOrDefault(row.key(), 0);
    }
  }

  Load load(EnvironmentId group) {
    Map<String, Integer> runs = new HashMap<>();
    int running = 0;
    for (Map.Entry<String, NodeStore.Load> one :
        database.read(s -> s.nodes().loads(group)).entrySet()) {
      runs.put(one.getKey(), one.getValue().runs());
      running += one.getValue().running();
    }
    return new Load(runs, running);
  }

  /** Whether this master is the one that saw the machine last. */
  boolean mine(WantedNode row) {
    return row.master().equals(Optional.of(me));
  }

  /** Notes that this master sees it. */
  void seen(WantedNode row) {
    if (!mine(row)) {
      leadership.transact(
          s ->
              s.nodes()
                  .update(
                      row(
                          row,
                          Optional.of(me),
                          row.state(),
                          row.nodeId(),
                          row.detail(),
                          row.modifiedAt())));
    }
  }

  void want(WantedNode node) {
    leadership.transact(
        s -> {
          s.nodes().insert(node);
          return true;
        });
    log.info("node=wanted group={} key={}", node.group(), node.key());
  }

  /** Keeps what is known of it; its state stays. */
  void note(WantedNode row, String detail) {
    if (!row.detail().equals(detail)) {
      leadership.transact(
          s ->
              s.nodes()
                  .update(
                      row(row, row.master(), row.state(), row.nodeId(), detail, row.modifiedAt())));
    }
  }

  void rented(WantedNode row, String nodeId) {
    change(row, Optional.of(me), WantedNode.State.RENTED, Optional.of(nodeId), "", Workers.STAY);
  }

  /** Its workers take nothing more from here on. */
  void releasing(WantedNode row, String why) {
    change(row, row.master(), WantedNode.State.RELEASING, row.nodeId(), why, Workers.DRAIN);
  }

  /** Its workers may not come again. */
  void gone(WantedNode row, String why) {
    change(row, row.master(), WantedNode.State.GONE, row.nodeId(), why, Workers.REMOVE);
  }

  private enum Workers {
    STAY,
    DRAIN,
    REMOVE
  }

  private void change(
      WantedNode row,
      Optional<String> master,
      WantedNode.State state,
      Optional<String> nodeId,
      String detail,
      Workers workers) {
    Instant now = clock.instant();
    boolean done =
        leadership.transact(
            s -> {
              if (!s.nodes().update(row(row, master, state, nodeId, detail, now))) {
                return false;
              }
              if (workers != Workers.STAY) {
                for (Worker worker : on(s, row)) {
                  s.workers()
                      .update(
                          workers == Workers.REMOVE
                              ? worker.removed(now)
                              : worker.withDraining(true));
                }
              }
              return true;
            });
    if (done) {
      log.info(
          "node={} key={} reason=\"{}\"", state.name().toLowerCase(Locale.ROOT), row.key(), detail);
    }
  }

  private static List<Worker> on(Session session, WantedNode row) {
    return session.workers().list(Optional.of(row.group()), MANY).stream()
        .filter(worker -> worker.nodeKey().equals(Optional.of(row.key())))
        .toList();
  }

  private static WantedNode row(
      WantedNode row,
      Optional<String> master,
      WantedNode.State state,
      Optional<String> nodeId,
      String detail,
      Instant modifiedAt) {
    return new WantedNode(
        row.key(),
        row.group(),
        row.provider(),
        state,
        nodeId,
        master,
        detail,
        row.createdAt(),
        modifiedAt,
        row.version());
  }
}
