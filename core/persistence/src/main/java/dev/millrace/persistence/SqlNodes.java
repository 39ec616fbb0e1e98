package dev.millrace.persistence;

import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.WantedNode;
import dev.millrace.engine.store.NodeStore;
import dev.millrace.engine.store.Slice;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Wanted machines. */
final class SqlNodes implements NodeStore {
  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlNodes(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(WantedNode node) {
    table.insert(Row.of(node));
  }

  @Override
  public boolean update(WantedNode node) {
    return table.update(Row.of(node));
  }

  @Override
  public Optional<WantedNode> find(String key) {
    return table.find(Row.class, key).map(Row::node);
  }

  @Override
  public List<WantedNode> list(Optional<EnvironmentId> group, int limit) {
    return new Hql(session, "from WantedNode n")
            .and("n.state <> 'GONE'")
            .and(group, "n.groupId = :group", "group", EnvironmentId::value)
            .list(Row.class, "n", "n.createdAt, n.nodeKey", Slice.first(limit))
            .stream()
            .map(Row::node)
            .toList();
  }

  @Override
  public Map<String, Load> loads(EnvironmentId group) {
    Map<String, Load> loads = new HashMap<>();
    jdbc.list(
            row -> Map.entry(row.getString(1), new Load(row.getInt(2), row.getInt(3))),
            "select w.node_key, count(*), sum(case when e.ended_at is null then 1 else 0 end)"
                + " from worker w join execution e on e.lease_worker_id = w.id"
                + " where w.group_id = ? and w.removed_at is null and w.node_key is not null"
                + " group by w.node_key",
            group.value())
        .forEach(entry -> loads.put(entry.getKey(), entry.getValue()));
    return loads;
  }

  @Override
  public Map<String, Long> beats() {
    Map<String, Long> beats = new HashMap<>();
    jdbc.list(
            row -> Map.entry(row.getString(1), row.getLong(2)),
            "select node_key, sum(beat) from worker where removed_at is null"
                + " and node_key is not null group by node_key")
        .forEach(entry -> beats.put(entry.getKey(), entry.getValue()));
    return beats;
  }

  @Override
  public int purgeGone(Instant before, int limit) {
    return jdbc.change(
        "delete from wanted_node where state = 'GONE' and modified_at < ? limit ?", before, limit);
  }

  /** A wanted machine. */
  @NullUnmarked
  @Entity(name = "WantedNode")
  @jakarta.persistence.Table(name = "wanted_node")
  static class Row {
    @Id String nodeKey;
    UUID groupId;
    String provider;
    String state;
    String nodeId;
    String masterId;
    String detail;
    Instant createdAt;
    Instant modifiedAt;
    @Version long version;

    static Row of(WantedNode node) {
      Row row = new Row();
      row.nodeKey = node.key();
      row.groupId = node.group().value();
      row.provider = node.provider();
      row.state = node.state().name();
      row.nodeId = node.nodeId().orElse(null);
      row.masterId = node.master().orElse(null);
      row.detail = node.detail();
      row.createdAt = node.createdAt();
      row.modifiedAt = node.modifiedAt();
      row.version = node.version();
      return row;
    }

    WantedNode node() {
      return new WantedNode(
          nodeKey,
          new EnvironmentId(groupId),
          provider,
          WantedNode.State.valueOf(state),
          Optional.ofNullable(nodeId),
          Optional.ofNullable(masterId),
          detail,
          createdAt,
          modifiedAt,
          version);
    }
  }
}
