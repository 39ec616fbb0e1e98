package dev.millrace.engine.store;

import dev.millrace.engine.domain.AuditEntry;
import java.util.Optional;

/** Audit entries; append-only. */
public interface AuditStore {
  void append(AuditEntry entry);

  /** Newest first; {@code subject} narrows to one subject. */
  Rows<AuditEntry> list(Optional<String> subject, Slice slice);
}
