package dev.millrace.engine.store;

import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.PendingUpload;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Tracked files and uploads on their way; seen by whoever sees their project. */
public interface DatumStore {
  /** Stores the datum unless one of its id exists; false if so. */
  boolean insert(Datum datum);

  /** Stores {@code datum} if the row still has its version, which is then raised; else false. */
  boolean update(Datum datum);

  Optional<Datum> find(Scope scope, DatumId id);

  Rows<Datum> list(Scope scope, DatumFilter filter, Slice slice);

  /** Which data that part of a list has; found without reading them. */
  Keys<DatumId> keys(Scope scope, DatumFilter filter, Slice slice);

  /** The first of those data, as many as fit into one stretch. */
  Stretch<Datum> read(List<DatumId> keys);

  /** What that execution has put out, by id, at most {@code limit} after that one. */
  List<Datum> outputs(ExecutionId of, Optional<DatumId> after, int limit);

  /** Removes the row with its tags. */
  void remove(DatumId id);

  /** Stores the upload unless one of its id exists; false if so. */
  boolean insert(PendingUpload upload);

  Optional<PendingUpload> pending(DatumId id);

  void removePending(DatumId id);

  /** Uploads whose execution settled before that time, oldest first; for the sweep. */
  List<PendingUpload> stalePending(Instant before, int limit);
}
