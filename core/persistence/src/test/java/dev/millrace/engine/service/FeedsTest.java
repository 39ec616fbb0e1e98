package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.logs.FileLogs;
import dev.millrace.engine.logs.LogStream;
import dev.millrace.engine.logs.Logs;
import dev.millrace.persistence.H2Database;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What event streams are fed from, and to whom. */
class FeedsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Tokens tokens;
  private Feeds feeds;
  private FileLogs live;
  private ExecutionId id;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    tokens = new Tokens(desk.database, desk.access, new Audit(desk.clock), desk.clock);
    live = new FileLogs(folder.resolve("logs"), desk.clock);
    feeds =
        new Feeds(
            desk.database,
            desk.access,
            tokens,
            new Logs(desk.database, live, desk.blobs),
            desk.clock);
    id = desk.run(desk.ada, desk.adas).execution().id();
    append(0, "one\ntwo\nthree\n");
    desk.database.transact(s -> s.facts().stamp(100));
  }

  private void append(long offset, String text) {
    live.append(
        id, LogStream.STDOUT, offset, desk.clock.now, text.getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> lines(Feed.Batch batch) {
    List<String> lines = new ArrayList<>();
    for (Feed.Item item : batch.items()) {
      if (item instanceof Feed.Item.Line line) {
        lines.add(line.line().message());
      }
    }
    return lines;
  }

  private Actor.Person byToken(Tokens.Made token) {
    return tokens.authenticate(token.text().reveal(), "127.0.0.1");
  }

  @Test
  void whoComesBackGoesOnAfterTheLineTheyHad() {
    Feed.Batch all = feeds.log(desk.ada, id.toString(), Optional.empty()).next();
    assertEquals(List.of("one", "two", "three"), lines(all));
    String second = all.items().get(1) instanceof Feed.Item.Line line ? line.position() : "no line";
    Feed rest = feeds.log(desk.ada, id.toString(), Optional.of(second));
    assertEquals(List.of("three"), lines(rest.next()));
    append(14, "four\n");
    assertEquals(List.of("four"), lines(rest.next()));
    assertThrows(
        Invalid.class, () -> feeds.log(desk.ada, id.toString(), Optional.of("not a position")));
  }

  private static List<String> partials(Feed.Batch batch) {
    List<String> lines = new ArrayList<>();
    for (Feed.Item item : batch.items()) {
      if (item instanceof Feed.Item.Partial partial) {
        lines.add(partial.line().message());
      }
    }
    return lines;
  }

  @Test
  void aLineWithoutItsEndIsToldAsItStandsAndOnceWhenItHasEnded() {
    Feed log = feeds.log(desk.ada, id.toString(), Optional.empty());
    append(14, ".");
    Feed.Batch first = log.next();
    assertEquals(List.of("one", "two", "three"), lines(first));
    assertEquals(List.of(), partials(first), "it may only be cut by its chunk");
    desk.clock.now = desk.clock.now.plusMillis(300);
    assertEquals(List.of("."), partials(log.next()));
    assertEquals(List.of(), partials(log.next()), "nothing has changed");
    append(15, ".");
    assertEquals(List.of(".."), partials(log.next()));
    append(16, "\r   \r");
    assertEquals(List.of(""), partials(log.next()), "a terminal shows none any more");
    append(21, "100%");
    assertEquals(List.of("100%"), partials(log.next()));
    append(25, "\n");
    Feed.Batch last = log.next();
    assertEquals(List.of("..\r   \r100%"), lines(last));
    assertEquals(List.of(), partials(last));
    assertEquals(List.of(), partials(log.next()));
  }

  @Test
  void aFeedEndsWithTheTokenThatOpenedIt() {
    Tokens.Made token = tokens.make(desk.ada, Optional.empty(), "short", Optional.empty());
    Feed log = feeds.log(byToken(token), id.toString(), Optional.empty());
    Feed journal = feeds.journal(byToken(token), Optional.of("0"));
    assertEquals(3, lines(log.next()).size());
    assertFalse(journal.next().items().isEmpty());
    tokens.revoke(desk.ada, token.token().id());
    append(14, "four\n");
    assertThrows(Unauthenticated.class, log::next);
    assertThrows(Unauthenticated.class, journal::next);
  }

  @Test
  void aFeedEndsWhenItsProjectIsLost() {
    var lab = desk.organizations.make(new Actor.Engine(), "lab");
    desk.organizations.put(new Actor.Engine(), lab.id(), "ada", true);
    desk.organizations.put(new Actor.Engine(), lab.id(), "bob", false);
    desk.teams.make(
        desk.ada,
        lab.id(),
        new Teams.Wish(
            Optional.of("ears"),
            Optional.of(List.of(new Teams.Seat(Desk.id(desk.bob), false, true))),
            Optional.of(List.of(desk.adas.id()))));
    Feed log = feeds.log(desk.bob, id.toString(), Optional.empty());
    assertEquals(3, lines(log.next()).size());
    desk.organizations.remove(desk.ada, lab.id(), Desk.id(desk.bob));
    append(14, "four\n");
    assertThrows(NotFound.class, log::next);
  }

  @Test
  void nobodyOpensAFeedOfAnothersExecutionNorHearsOfItInTheJournal() {
    assertThrows(NotFound.class, () -> feeds.log(desk.bob, id.toString(), Optional.empty()));
    assertEquals(List.of(), feeds.journal(desk.bob, Optional.of("0")).next().items());
    assertFalse(feeds.journal(desk.ada, Optional.of("0")).next().items().isEmpty());
  }
}
