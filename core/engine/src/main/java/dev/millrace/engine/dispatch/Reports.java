package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionChange;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.MetadataLine;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.logs.LiveLogs;
import dev.millrace.engine.logs.LogStream;
import dev.millrace.engine.logs.LogTimes;
import dev.millrace.engine.logs.Micros;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.Session;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a worker reports of its run: log, metadata, words, its end and that all is whole. */
@Component(service = Reports.class, immediate = true)
public final class Reports {
  private static final Logger log = LoggerFactory.getLogger(Reports.class);

  /** The most that one log chunk may hold. */
  public static final int MAX_CHUNK = 1 << 20;

  private static final int MAX_LINES = 1_000;
  private static final int MAX_LINE_CHARS = 256 << 10;
  private static final int MAX_DETAIL = 4_096;
  private static final int ATTEMPTS = 20;

  private final Database database;
  private final Leases leases;
  private final LiveLogs logs;
  private final Queue queue;
  private final Settings settings;
  private final Clock clock;

  @Activate
  public Reports(
      @Reference Database database,
      @Reference Leases leases,
      @Reference LiveLogs logs,
      @Reference Queue queue,
      @Reference Settings settings,
      @Reference Clock clock) {
    this.database = database;
    this.leases = leases;
    this.logs = logs;
    this.queue = queue;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Bytes of a stream.
   *
   * @param time when the first ones were read, in microseconds
   * @param times where in it bytes begin that were read later, as {@link LogTimes} reads it
   */
  public record Chunk(long offset, long time, @Nullable String times, byte[] bytes) {}

  /**
   * Appends a chunk of log; answers with the offset that is expected next. Throws {@link Refused}
   * 409 with {@code next} for a chunk at another offset.
   */
  public Messages.Next log(
      Worker worker, ExecutionId id, @Nullable String lease, String stream, Chunk sent) {
    LogStream to =
        LogStream.ofWord(stream)
            .orElseThrow(() -> Refused.invalid("stream must be stdout, stderr or status."));
    byte[] chunk = sent.bytes();
    long offset = sent.offset();
    if (chunk.length > MAX_CHUNK) {
      throw new Refused(413, "chunk_limit", "A log chunk has at most 1 MiB.");
    }
    if (sent.time() < 0 || offset < 0) {
      throw Refused.invalid("offset and time must not be negative.");
    }
    LogTimes times;
    try {
      times = LogTimes.of(sent.time(), sent.times(), chunk.length);
    } catch (IllegalArgumentException e) {
      throw Refused.invalid("The times of the chunk are not as they should be: " + e.getMessage());
    }
    Execution execution = leases.held(worker, id, lease);
    if (execution.settledAt().isPresent()) {
      throw Refused.leaseGone();
    }
    long next = logs.append(id, to, offset, times, chunk);
    if (next != offset + chunk.length) {
      throw new Refused(
          409, "log_offset", "Another offset is expected next.", Map.of("next", next));
    }
    return new Messages.Next(next);
  }

  /**
   * Keeps a batch of metadata lines; lines that are stored already are ignored, those beyond the
   * execution's limit and those that are too long or too deep dropped, which the answer says: sent
   * again they would be no better, and the run must end.
   */
  public Messages.MetadataKept metadata(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.Metadata batch) {
    List<Messages.Line> lines = batch.lines() == null ? List.of() : batch.lines();
    if (lines.size() > MAX_LINES) {
      throw new Refused(413, "batch_limit", "A batch has at most 1,000 lines.");
    }
    List<MetadataLine> kept = new ArrayList<>(lines.size());
    long seen = -1;
    for (Messages.Line line : lines) {
      seen = Math.max(seen, line.offset());
      if (!(line.json() instanceof ObjectNode object)) {
        throw Refused.invalid("json must be a JSON object.");
      }
      String text = OutputData.deeper(object, OutputData.MAX_DEPTH) ? null : Wire.text(object);
      if (text != null && text.length() <= MAX_LINE_CHARS) {
        kept.add(new MetadataLine(line.offset(), Micros.toInstant(line.time()), text));
      }
    }
    int dropped = lines.size() - kept.size();
    MetadataStore.Limit limit =
        new MetadataStore.Limit(settings.metadataLines(), settings.metadataBytes());
    MetadataStore.Appended appended =
        database.transact(
            s -> {
              leases.held(s, worker, id, lease);
              return s.metadata().append(id, kept, limit);
            });
    return new Messages.MetadataKept(
        Math.max(appended.next(), seen + 1),
        appended.cut() ? true : null,
        dropped > 0 ? dropped : null);
  }

  /** Keeps what the run says of itself, cut to 4,096 characters. */
  public void statusDetail(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.StatusDetail detail) {
    String text = cut(detail.statusDetail());
    database.transact(
        s -> {
          leases.held(s, worker, id, lease);
          return s.executions().setStatusDetail(id, text);
        });
  }

  /** Records at once that the last process of the run has gone. A second report changes nothing. */
  public void ended(Worker worker, ExecutionId id, @Nullable String lease, Messages.Ended ended) {
    Optional<ReasonCode> reason = reason(ended.reason());
    boolean done =
        change(
            worker,
            id,
            lease,
            (session, execution) ->
                execution.endedAt().isPresent()
                    ? Optional.empty()
                    : Optional.of(end(execution, ended, reason)));
    if (done) {
      log.info(
          "execution ended execution={} exitCode={} reason={}",
          id,
          ended.exitCode(),
          ended.reason());
      queue.offer(worker.group(), id);
    }
  }

  /** Gives the execution its final status: outputs are recorded, the log is whole. */
  public void settled(
      Worker worker, ExecutionId id, @Nullable String lease, Messages.Settled settled) {
    Optional<ReasonCode> late = reason(settled.reason());
    LogLengths here = logs.lengths(id);
    Messages.Lengths there = settled.log() == null ? new Messages.Lengths(0, 0, 0) : settled.log();
    boolean done =
        change(
            worker,
            id,
            lease,
            (session, execution) -> {
              if (execution.settledAt().isPresent()) {
                return Optional.empty();
              }
              if (execution.endedAt().isEmpty()) {
                throw new Refused(409, "not_ended", "Report ended before settled.");
              }
              return Optional.of(settle(session, execution, settled, late, there));
            });
    if (done) {
      log.info("execution settled execution={} worker={}", id, worker.id());
      noteGap(id, here, there);
      queue.offer(worker.group(), id);
    }
  }

  private Change end(Execution execution, Messages.Ended ended, Optional<ReasonCode> reason) {
    Instant now = clock.instant();
    ExecutionChange change = ExecutionChange.of(execution).endedAt(now);
    Integer exitCode = ended.exitCode();
    if (exitCode != null) {
      change.exitCode(exitCode);
    }
    reason.ifPresent(change::reason);
    if (ended.detail() != null) {
      change.statusDetail(cut(ended.detail()));
    }
    if (ended.image() != null && ended.image().digest() != null) {
      change.imageDigest(cut(ended.image().digest()));
    }
    Map<String, Object> data = new LinkedHashMap<>();
    if (exitCode != null) {
      data.put("exitCode", exitCode);
    }
    reason.ifPresent(r -> data.put("reason", r.word()));
    data.put("stopped", ended.stopped());
    if (ended.image() != null && ended.image().id() != null) {
      data.put("imageId", cut(ended.image().id()));
    }
    return new Change(change.at(now), Leases.fact(execution, "Ended", now, data));
  }

  private Change settle(
      Session session,
      Execution execution,
      Messages.Settled settled,
      Optional<ReasonCode> late,
      Messages.Lengths log) {
    Instant now = clock.instant();
    Optional<ReasonCode> reason = execution.reason().or(() -> late);
    ExecutionStatus status =
        reason.isPresent()
            ? ExecutionStatus.ERROR
            : stopped(session, execution) ? ExecutionStatus.STOPPED : ExecutionStatus.COMPLETE;
    ExecutionChange change =
        ExecutionChange.of(execution)
            .status(status)
            .settledAt(now)
            .logLengths(new LogLengths(log.stdout(), log.stderr(), log.status()));
    reason.ifPresent(change::reason);
    if (execution.reason().isEmpty() && settled.detail() != null) {
      change.statusDetail(cut(settled.detail()));
    }
    return new Change(
        change.at(now), Leases.fact(execution, "Settled", now, Map.of("status", status.word())));
  }

  /** What the worker said when the run ended; a stop order that came too late does not count. */
  private static boolean stopped(Session session, Execution execution) {
    return session.facts().of(execution.id(), 10_000).stream()
        .filter(f -> f.kind().equals("Ended"))
        .map(f -> Wire.read(f.data().getBytes(StandardCharsets.UTF_8), JsonNode.class))
        .anyMatch(data -> data.path("stopped").asBoolean());
  }

  private void noteGap(ExecutionId id, LogLengths here, Messages.Lengths there) {
    long missing =
        Math.max(0, there.stdout() - here.stdout())
            + Math.max(0, there.stderr() - here.stderr())
            + Math.max(0, there.status() - here.status());
    if (missing > 0) {
      logs.note(id, "The log has a gap: its last " + missing + " bytes did not arrive.");
    }
  }

  /** Compare-and-set until it holds; false if there is nothing to change. */
  private boolean change(
      Worker worker,
      ExecutionId id,
      @Nullable String lease,
      BiFunction<Session, Execution, Optional<Change>> work) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Outcome outcome =
          database.transact(
              s -> {
                Optional<Change> change = work.apply(s, leases.held(s, worker, id, lease));
                if (change.isEmpty()) {
                  return Outcome.NOTHING;
                }
                return s.executions().update(change.get().execution(), change.get().fact())
                    ? Outcome.DONE
                    : Outcome.LOST;
              });
      if (outcome != Outcome.LOST) {
        return outcome == Outcome.DONE;
      }
    }
    throw new Refused(503, "busy", "The execution is being changed by others. Try again.");
  }

  private record Change(Execution execution, Fact fact) {}

  private enum Outcome {
    DONE,
    NOTHING,
    LOST
  }

  private static Optional<ReasonCode> reason(@Nullable String word) {
    if (word == null) {
      return Optional.empty();
    }
    return Optional.of(
        ReasonCode.ofWord(word).orElseThrow(() -> Refused.invalid("reason is unknown: " + word)));
  }

  private static String cut(@Nullable String text) {
    if (text == null) {
      return "";
    }
    return text.length() > MAX_DETAIL ? text.substring(0, MAX_DETAIL) : text;
  }
}
