package dev.millrace.api.events;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.api.http.Authentication;
import dev.millrace.api.http.Errors;
import dev.millrace.api.http.Json;
import dev.millrace.api.http.Origin;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.service.Feed;
import dev.millrace.engine.service.Feeds;
import dev.millrace.engine.service.Tokens;
import dev.millrace.engine.service.TooMany;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardContextSelect;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardFilterAsyncSupported;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardFilterName;
import org.osgi.service.servlet.whiteboard.propertytypes.HttpWhiteboardFilterPattern;

/**
 * Answers requests for {@code text/event-stream} in place of the resources, which answer the same
 * in JSON. A filter, because it holds connections open without a thread each. Streams are cut when
 * this component goes; whoever connects again with {@code Last-Event-ID} loses nothing.
 */
@Component(service = Filter.class, immediate = true, property = "service.ranking:Integer=-10")
@HttpWhiteboardFilterName("millrace-event-streams")
@HttpWhiteboardFilterPattern("/*")
@HttpWhiteboardFilterAsyncSupported
@HttpWhiteboardContextSelect("(osgi.http.whiteboard.context.name=*)")
public final class EventStreams implements Filter {
  /** Streams that one user may have open. */
  static final int OF_USER = 20;

  /** Streams that this master holds open. */
  static final int ALL = 500;

  private static final int READERS = 4;

  /** Reads of one stream before others have their turn. */
  private static final int TURNS = 20;

  private static final Pattern LOG = Pattern.compile("/api/v0/executions/([^/]+)/events/?");
  private static final Pattern JOURNAL = Pattern.compile("/api/v0/journal/?");

  private final Feeds feeds;
  private final Tokens tokens;
  private final ObjectMapper json = Json.mapper();
  private final Set<EventStream> streams = new LinkedHashSet<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(body -> daemon(body, "event-clock"));
  private final ScheduledFuture<?> looking;
  private final ExecutorService readers =
      Executors.newFixedThreadPool(READERS, body -> daemon(body, "event-reader"));

  @Activate
  public EventStreams(@Reference Feeds feeds, @Reference Tokens tokens) {
    this.feeds = feeds;
    this.tokens = tokens;
    this.looking = clock.scheduleWithFixedDelay(this::look, 100, 100, TimeUnit.MILLISECONDS);
  }

  @Deactivate
  void stop() {
    looking.cancel(false);
    clock.shutdownNow();
    readers.shutdownNow();
    open().forEach(EventStream::close);
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    HttpServletRequest http = (HttpServletRequest) request;
    if (!wantsEvents(http)) {
      chain.doFilter(request, response);
      return;
    }
    Matcher log = LOG.matcher(http.getRequestURI());
    if (!log.matches() && !JOURNAL.matcher(http.getRequestURI()).matches()) {
      chain.doFilter(request, response);
      return;
    }
    Optional<String> execution =
        log.matches()
            ? Optional.of(URLDecoder.decode(log.group(1), StandardCharsets.UTF_8))
            : Optional.empty();
    answer(http, (HttpServletResponse) response, execution);
  }

  private static boolean wantsEvents(HttpServletRequest request) {
    String accept = request.getHeader("Accept");
    return request.getMethod().equals("GET")
        && accept != null
        && accept.toLowerCase(Locale.ROOT).contains("text/event-stream");
  }

  private void answer(
      HttpServletRequest request, HttpServletResponse response, Optional<String> execution)
      throws IOException {
    Actor.Person actor;
    Feed feed;
    Feed.Batch first;
    Optional<String> after =
        Optional.ofNullable(request.getHeader("Last-Event-ID"))
            .or(() -> Optional.ofNullable(request.getParameter("after")))
            .map(String::strip)
            .filter(id -> !id.isEmpty());
    try {
      actor =
          tokens.authenticate(
              Authentication.token(request.getHeader("Authorization")), Origin.address(request));
      checkRoom(actor.user().id());
      feed =
          execution.isPresent()
              ? feeds.log(actor, execution.get(), after)
              : feeds.journal(actor, after);
      first = feed.next();
    } catch (RuntimeException e) {
      refuse(response, Errors.told(e));
      return;
    }
    if (after.isPresent() && first.end() && onlyState(first)) {
      // Browsers connect again until they are told that there is nothing more.
      response.setStatus(HttpServletResponse.SC_NO_CONTENT);
      return;
    }
    response.setStatus(HttpServletResponse.SC_OK);
    response.setContentType("text/event-stream;charset=utf-8");
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Accel-Buffering", "no");
    AsyncContext connection = request.startAsync();
    connection.setTimeout(0);
    EventStream stream =
        new EventStream(
            actor.user().id(), feed, connection, response.getOutputStream(), this::forget);
    connection.addListener(new Ends(stream));
    add(stream);
    stream.start(first);
  }

  private static boolean onlyState(Feed.Batch batch) {
    return batch.items().stream().allMatch(Feed.Item.State.class::isInstance);
  }

  private void refuse(HttpServletResponse response, Errors.Told told) throws IOException {
    response.setStatus(told.status());
    told.headers().forEach(response::setHeader);
    response.setContentType("application/json");
    response.getOutputStream().write(json.writeValueAsBytes(told.body()));
  }

  private void checkRoom(OwnerId user) {
    List<EventStream> now = open();
    if (now.size() >= ALL) {
      throw new TooMany(
          "too_many_streams", Duration.ofSeconds(10), "This server has " + ALL + " open streams");
    }
    if (now.stream().filter(s -> s.user().equals(user)).count() >= OF_USER) {
      throw new TooMany(
          "too_many_streams",
          Duration.ofSeconds(10),
          "You have " + OF_USER + " open streams; close one, or poll");
    }
  }

  private void add(EventStream stream) {
    synchronized (streams) {
      streams.add(stream);
    }
  }

  private void forget(EventStream stream) {
    synchronized (streams) {
      streams.remove(stream);
    }
  }

  private List<EventStream> open() {
    synchronized (streams) {
      return new ArrayList<>(streams);
    }
  }

  private void look() {
    long now = System.nanoTime();
    for (EventStream stream : open()) {
      if (stream.due(now)) {
        try {
          readers.execute(() -> read(stream));
        } catch (RejectedExecutionException e) {
          // This component is going.
          return;
        }
      }
    }
  }

  /** Reads on while there is more and the client takes it, and lets others have their turn. */
  private static void read(EventStream stream) {
    int turns = 0;
    do {
      stream.read();
    } while (++turns < TURNS && stream.due(System.nanoTime()));
  }

  private static Thread daemon(Runnable body, String name) {
    Thread thread = new Thread(body, "millrace-" + name);
    thread.setDaemon(true);
    return thread;
  }

  /** Tells a stream that its connection has gone. */
  private record Ends(EventStream stream) implements AsyncListener {
    @Override
    public void onComplete(AsyncEvent event) {
      stream.close();
    }

    @Override
    public void onTimeout(AsyncEvent event) {
      stream.close();
    }

    @Override
    public void onError(AsyncEvent event) {
      stream.close();
    }

    @Override
    public void onStartAsync(AsyncEvent event) {
      // Only once.
    }
  }
}
