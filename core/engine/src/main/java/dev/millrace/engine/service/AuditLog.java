package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.AuditEntry;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Slice;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Shows who changed what. */
@Component(service = AuditLog.class)
public final class AuditLog {
  private final Database database;
  private final Access access;

  @Activate
  public AuditLog(@Reference Database database, @Reference Access access) {
    this.database = database;
    this.access = access;
  }

  /**
   * Entries, newest first, for administrators of the installation; of one subject (for example
   * {@code project:0197…}) where it is given.
   */
  public Listing<AuditEntry> list(Actor actor, Optional<String> subject, Slice slice) {
    access.requireAdmin(actor);
    return Listing.of(
        slice,
        database.list(session -> session.audit().keys(subject, slice)),
        some -> database.list(session -> session.audit().read(some)));
  }
}
