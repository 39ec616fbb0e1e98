package dev.millrace.engine.store;

import dev.millrace.engine.domain.AuditEntry;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Audit entries; append-only. */
public interface AuditStore {
  void append(AuditEntry entry);

  /** Removes entries from before that time, at most {@code limit}. */
  int purge(Instant before, int limit);

  /** Newest first; {@code subject} narrows to one subject. */
  Rows<AuditEntry> list(Optional<String> subject, Slice slice);

  /** The keys of such a list. */
  Keys<UUID> keys(Optional<String> subject, Slice slice);

  /** The first of those entries, as many as fit into one stretch. */
  Stretch<AuditEntry> read(List<UUID> keys);
}
