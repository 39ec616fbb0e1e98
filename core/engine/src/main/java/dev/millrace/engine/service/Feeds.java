package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.StoreUnavailable;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.JournalEntry;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.logs.LogPosition;
import dev.millrace.engine.logs.LogReader;
import dev.millrace.engine.logs.LogTail;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Session;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Opens feeds. Each call of a feed asks anew who the caller is and what they may see. Where a feed
 * was cut, another one goes on from the last position that was received.
 */
@Component(service = Feeds.class)
public final class Feeds {
  private static final int LINES = 2_000;
  private static final int ENTRIES = 500;

  /** Positions that one call looks at, however few of them the caller may see. */
  private static final long STRETCH = 10_000;

  /** What is said of an end after it was settled comes within this time. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  private final Database database;
  private final Access access;
  private final Tokens tokens;
  private final LogReader logs;
  private final Clock clock;

  @Activate
  public Feeds(
      @Reference Database database,
      @Reference Access access,
      @Reference Tokens tokens,
      @Reference LogReader logs,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.tokens = tokens;
    this.logs = logs;
    this.clock = clock;
  }

  /** Entries of the journal, and the position up to which it was looked through. */
  public record Stretch(List<JournalEntry> entries, long reached) {}

  /**
   * The log of an execution, after the position if one is given.
   *
   * @throws NotFound if the actor may not see it
   * @throws Invalid if the position is none of a log
   */
  public Feed log(Actor actor, String execution, Optional<String> after) {
    LogPosition from =
        after
            .map(text -> LogPosition.parse(text).orElseThrow(Feeds::noPosition))
            .orElse(LogPosition.START);
    ExecutionId id =
        database.read(session -> Executions.visible(session, access, actor, execution)).id();
    return new LogFeed(actor, id, logs.follow(from));
  }

  /**
   * What happens to executions that the actor may see: after the position if one is given, else
   * from now on.
   */
  public Feed journal(Actor actor, Optional<String> after) {
    long from = after.map(Feeds::position).orElseGet(() -> database.read(s -> s.facts().last()));
    return new JournalFeed(actor, from);
  }

  /** Part of the journal: at most {@code limit} entries after that position. */
  public Stretch journal(Actor actor, long after, int limit) {
    return database.read(session -> stretch(session, actor, after, limit));
  }

  private Stretch stretch(Session session, Actor actor, long after, int limit) {
    long to = Math.min(session.facts().last(), after + STRETCH);
    List<JournalEntry> entries =
        session.facts().between(access.scopeOf(session, actor), after, to, limit);
    long reached =
        entries.size() == limit ? entries.get(limit - 1).position() : Math.max(after, to);
    return new Stretch(entries, reached);
  }

  private static long position(String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw noPosition();
    }
    return Long.parseLong(text);
  }

  private static Invalid noPosition() {
    return Invalid.field(
        "Last-Event-ID", "This is no id of an event of this stream; leave it out", "invalid");
  }

  private final class LogFeed implements Feed {
    private final Actor actor;
    private final ExecutionId id;
    private final LogTail tail;
    private Optional<Item.State> told = Optional.empty();
    private List<LogPage.Line> partial = List.of();

    LogFeed(Actor actor, ExecutionId id, LogTail tail) {
      this.actor = actor;
      this.id = id;
      this.tail = tail;
    }

    /** As they are when the log is read, so that a state is told before what came after it. */
    private record Seen(Execution execution, Item.State state) {}

    @Override
    public Batch next() {
      Seen seen = database.read(this::look);
      List<Item> items = new ArrayList<>();
      LogTail.Found found;
      try {
        found =
            tail.read(
                seen.execution(),
                LINES,
                (line, after) -> items.add(new Item.Line(after.toString(), LogPage.line(line))));
      } catch (StoreUnavailable e) {
        throw Refusal.of(e);
      }
      if (!found.more()) {
        partial(seen.execution(), items);
      }
      if (!found.more() && !told.equals(Optional.of(seen.state()))) {
        told = Optional.of(seen.state());
        items.add(seen.state());
      }
      return new Batch(items, found.more(), !found.more() && ended(seen, found));
    }

    private void partial(Execution execution, List<Item> items) {
      List<LogPage.Line> now = tail.open(execution).stream().map(LogPage::line).toList();
      for (LogPage.Line line : now) {
        if (!partial.contains(line)) {
          items.add(new Item.Partial(line));
        }
      }
      for (LogPage.Line before : partial) {
        boolean stands = now.stream().anyMatch(line -> line.stream().equals(before.stream()));
        boolean ended =
            items.stream()
                .anyMatch(
                    i -> i instanceof Item.Line l && l.line().stream().equals(before.stream()));
        if (!stands && !ended) {
          items.add(new Item.Partial(new LogPage.Line(before.time(), before.stream(), "")));
        }
      }
      partial = now;
    }

    private Seen look(Session session) {
      Actor now = tokens.renew(session, actor);
      Execution execution = Executions.visible(session, access, now, id.toString());
      ExecutionView view = new ExecutionViews(session, clock).summary(execution);
      return new Seen(
          execution,
          new Item.State(
              view.shown().word(),
              execution.waiting().orElse(execution.statusDetail()),
              execution.reason().map(ReasonCode::word)));
    }

    private boolean ended(Seen seen, LogTail.Found found) {
      return seen.execution().log().isPresent()
          || (found.here()
              && seen.execution()
                  .settledAt()
                  .filter(at -> at.plus(LAST_WORDS).isBefore(clock.instant()))
                  .isPresent());
    }
  }

  private final class JournalFeed implements Feed {
    private final Actor actor;
    private long position;

    JournalFeed(Actor actor, long position) {
      this.actor = actor;
      this.position = position;
    }

    @Override
    public Batch next() {
      return database.read(
          session -> {
            Actor now = tokens.renew(session, actor);
            Stretch stretch = stretch(session, now, position, ENTRIES);
            List<Item> items = new ArrayList<>();
            stretch.entries().forEach(entry -> items.add(new Item.Entry(entry)));
            position = stretch.reached();
            return new Batch(items, position < session.facts().last(), false);
          });
    }
  }
}
