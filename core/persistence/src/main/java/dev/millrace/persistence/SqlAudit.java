package dev.millrace.persistence;

import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.store.AuditStore;
import dev.millrace.engine.store.Keys;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** Audit entries. */
final class SqlAudit implements AuditStore {
  private static final String NEWEST = "a.happenedAt desc, a.id desc";
  private static final Stretches ROWS =
      new Stretches("AuditEntry a", "a.id", "length(a.beforeJson) + length(a.afterJson)", "a");

  private final StatelessSession session;
  private final Table table;

  SqlAudit(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
  }

  @Override
  public void append(AuditEntry entry) {
    table.insert(Row.of(entry));
  }

  @Override
  public int purge(Instant before, int limit) {
    return new Jdbc(session)
        .change("delete from audit_entry where happened_at < ? limit ?", before, limit);
  }

  @Override
  public Rows<AuditEntry> list(Optional<String> subject, Slice slice) {
    return entries(subject).rows(Row.class, "a", NEWEST, slice, Row::entry);
  }

  @Override
  public Keys<UUID> keys(Optional<String> subject, Slice slice) {
    return entries(subject).keys("a.id", NEWEST, slice);
  }

  @Override
  public Stretch<AuditEntry> read(List<UUID> keys) {
    return ROWS.read(session, keys, Row.class, row -> row.id, Row::entry);
  }

  private Hql entries(Optional<String> subject) {
    return new Hql(session, "from AuditEntry a")
        .and(subject, "a.subject = :subject", "subject", s -> s);
  }

  /** An audit entry. */
  @NullUnmarked
  @Entity(name = "AuditEntry")
  @jakarta.persistence.Table(name = "audit_entry")
  static class Row {
    @Id UUID id;
    Instant happenedAt;
    Integer actorId;
    UUID tokenId;
    String address;
    String action;
    String subject;
    String beforeJson;
    String afterJson;

    static Row of(AuditEntry entry) {
      Row row = new Row();
      row.id = entry.id();
      row.happenedAt = entry.at();
      row.actorId = entry.actor().map(OwnerId::value).orElse(null);
      row.tokenId = entry.token().map(TokenId::value).orElse(null);
      row.address = entry.address();
      row.action = entry.action();
      row.subject = entry.subject();
      row.beforeJson = entry.before();
      row.afterJson = entry.after();
      return row;
    }

    AuditEntry entry() {
      return new AuditEntry(
          id,
          happenedAt,
          Optional.ofNullable(actorId).map(OwnerId::new),
          Optional.ofNullable(tokenId).map(TokenId::new),
          address,
          action,
          subject,
          beforeJson,
          afterJson);
    }
  }
}
