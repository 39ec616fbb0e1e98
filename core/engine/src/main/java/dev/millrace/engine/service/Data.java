package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.artifacts.Transfers;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DatumFilter;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Tracked files: finds them, hands out addresses to read them by, and purges their bytes. */
@Component(service = Data.class)
public final class Data {
  private static final Duration VALIDITY = Duration.ofHours(1);
  private static final Scope ALL = new Scope.Everything();

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Transfers transfers;
  private final Blobs blobs;
  private final Clock clock;

  @Activate
  public Data(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Transfers transfers,
      @Reference Blobs blobs,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.transfers = transfers;
    this.blobs = blobs;
    this.clock = clock;
  }

  /** Those of the filter that the actor may see. */
  public Listing<DatumView> list(Actor actor, DatumFilter filter, Slice slice) {
    return new DatumLists(database, clock)
        .of(
            slice,
            database.list(
                session -> session.data().keys(access.scopeOf(session, actor), filter, slice)));
  }

  /** Throws {@link NotFound} where the actor may not see it. */
  public DatumView find(Actor actor, String id) {
    return database.read(session -> view(session, datum(session, actor, id)));
  }

  /**
   * An address that reads the bytes without further proof, for an hour.
   *
   * @param baseUrl what the caller reaches this server by, without a slash at the end
   * @throws Conflict if the bytes were purged
   * @throws Unavailable if the store cannot be used just now
   */
  public String download(Actor actor, String id, String baseUrl) {
    DatumView view = find(actor, id);
    Datum datum = view.datum();
    if (datum.purgedAt().isPresent()) {
      throw new Conflict("purged", "The bytes of this file were purged");
    }
    String name = datum.name().substring(datum.name().lastIndexOf('/') + 1);
    try {
      return transfers
          .download(store(view), datum.key(), Optional.of(name), VALIDITY, baseUrl)
          .url();
    } catch (StoreUnavailable e) {
      throw Refusal.of(e);
    }
  }

  /**
   * Removes the bytes and keeps the record; again is no error.
   *
   * @throws Unavailable if the store cannot be used just now; nothing has changed then
   */
  public void purge(Actor actor, String id) {
    DatumView view =
        database.read(
            session -> {
              Datum datum = datum(session, actor, id);
              requireWrite(session, actor, datum);
              return view(session, datum);
            });
    if (view.datum().purgedAt().isPresent()) {
      return;
    }
    try {
      blobs.delete(store(view), view.datum().key());
    } catch (StoreUnavailable e) {
      throw Refusal.of(e);
    }
    boolean done =
        database.transact(
            session -> {
              Datum datum = datum(session, actor, id);
              if (datum.purgedAt().isPresent()) {
                return true;
              }
              audit.record(
                  session,
                  actor,
                  "datum.purge",
                  "datum:" + datum.id(),
                  Map.of("name", datum.name(), "size", datum.bytes()),
                  Map.of("purged", true));
              return session.data().update(purged(datum, clock.instant()));
            });
    if (!done) {
      throw Conflict.changedMeanwhile();
    }
  }

  private void requireWrite(Session session, Actor actor, Datum datum) {
    Project project =
        session.projects().find(ALL, datum.project()).orElseThrow(() -> new NotFound("File"));
    access.requireWrite(session, actor, project);
  }

  private DatumView view(Session session, Datum datum) {
    return new DatumView(
        datum,
        datum.outputOf().map(id -> session.executions().counters(Set.of(id)).get(id)),
        session.dataStores().find(ALL, datum.store()),
        ExecutionViews.aliases(session, List.of(datum)).getOrDefault(datum.id(), List.of()));
  }

  private Datum datum(Session session, Actor actor, String id) {
    DatumId parsed;
    try {
      parsed = DatumId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new NotFound("File");
    }
    return session
        .data()
        .find(access.scopeOf(session, actor), parsed)
        .orElseThrow(() -> new NotFound("File"));
  }

  private static DataStore store(DatumView view) {
    return view.store()
        .orElseThrow(() -> new Unavailable("store_missing", "The data store was removed"));
  }

  private static Datum purged(Datum d, Instant now) {
    return new Datum(
        d.id(),
        d.project(),
        d.outputOf(),
        d.name(),
        d.bytes(),
        d.md5(),
        d.sha1(),
        d.sha256(),
        d.store(),
        d.key(),
        d.uri(),
        d.tags(),
        d.metadata(),
        d.createdAt(),
        d.fileCreatedAt(),
        d.fileModifiedAt(),
        Optional.of(now),
        d.version());
  }
}
