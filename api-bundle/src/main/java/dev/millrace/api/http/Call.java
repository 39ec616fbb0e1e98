package dev.millrace.api.http;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.Listing;
import dev.millrace.engine.service.Unauthenticated;
import dev.millrace.engine.store.Rows;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.Stretch;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.UriBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntFunction;

/**
 * One request as resources see it: who asks, the query, addresses as the client writes them, lists.
 * Resources take {@code @Context ContainerRequestContext} and begin with {@code Call.of(context)}.
 */
public final class Call {
  /** Rows of a list where the client names no limit: stop commands read only the first page. */
  public static final int DEFAULT_LIMIT = 500;

  /** Rows of an answer; clients that never page ask for as many. */
  public static final int MOST_ROWS = 10_000;

  static final String ACTOR = "millrace.actor";

  private final ContainerRequestContext context;
  private final Origin origin;

  private Call(ContainerRequestContext context, Origin origin) {
    this.context = context;
    this.origin = origin;
  }

  public static Call of(ContainerRequestContext context) {
    if (context.getProperty(Origin.ATTRIBUTE) instanceof Origin origin) {
      return new Call(context, origin);
    }
    throw new IllegalStateException("the request did not come through the front door");
  }

  /** Who asks; only open resources may find nobody there. */
  public Actor actor() {
    if (context.getProperty(ACTOR) instanceof Actor actor) {
      return actor;
    }
    throw new Unauthenticated("not_authenticated", "Authentication credentials were not provided.");
  }

  /** The client's network address. */
  public String address() {
    return origin.address();
  }

  /** A header; empty if absent or blank. */
  public Optional<String> header(String name) {
    return Optional.ofNullable(context.getHeaderString(name)).filter(h -> !h.isBlank());
  }

  /**
   * The header {@code Idempotency-Key}, for a request with that body; empty if absent. Throws
   * {@link Invalid} for one that is not 1 to 255 printable ASCII characters.
   */
  public Optional<IdempotencyKey> idempotencyKey(String body) {
    Optional<String> text = header("Idempotency-Key").map(String::strip);
    if (text.isPresent() && !text.get().matches("[\\x20-\\x7e]{1,255}")) {
      throw Invalid.nonField(
          "The header Idempotency-Key must have 1 to 255 printable ASCII characters", "invalid");
    }
    String request = context.getMethod() + ' ' + context.getUriInfo().getPath() + '\n' + body;
    return text.map(key -> new IdempotencyKey(key, sha256(request)));
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The absolute address of a path of this server, as this client can reach it. */
  public String url(String path) {
    return origin.base() + path;
  }

  /** The first value of a query key; empty if absent or blank. */
  public Optional<String> query(String name) {
    return Optional.ofNullable(context.getUriInfo().getQueryParameters().getFirst(name))
        .map(String::strip)
        .filter(v -> !v.isEmpty());
  }

  /** All values of a repeated query key. */
  public List<String> queryAll(String name) {
    return context.getUriInfo().getQueryParameters().getOrDefault(name, List.of()).stream()
        .map(String::strip)
        .filter(v -> !v.isEmpty())
        .toList();
  }

  /** The names in a comma-separated query value such as {@code exclude=metadata, events}. */
  public Set<String> names(String name) {
    Set<String> names = new TreeSet<>();
    for (String value : queryAll(name)) {
      for (String part : value.split(",", -1)) {
        names.add(part.trim());
      }
    }
    return names;
  }

  /** A boolean query value; empty if absent. {@code True}, {@code 1} and {@code yes} are true. */
  public Optional<Boolean> flag(String name) {
    return query(name)
        .map(
            value ->
                switch (value.toLowerCase(Locale.ROOT)) {
                  case "true", "1", "yes", "on" -> true;
                  case "false", "0", "no", "off" -> false;
                  default ->
                      throw Invalid.field(
                          name, "\"" + value + "\" is neither true nor false", "invalid");
                });
  }

  /** A whole number of the query that is not negative. */
  public Optional<Integer> number(String name) {
    return query(name)
        .map(
            value -> {
              try {
                int number = Integer.parseInt(value);
                if (number >= 0) {
                  return number;
                }
              } catch (NumberFormatException e) {
                // Answered below, as a negative number is.
              }
              throw Invalid.field(
                  name,
                  "\"" + value + "\" is not a whole number from 0 to " + Integer.MAX_VALUE,
                  "invalid");
            });
  }

  /** Which part of a list is wanted, by {@code limit} and {@code offset}. */
  public Slice slice() {
    int limit = limit().orElse(DEFAULT_LIMIT);
    return new Slice(offset(), Math.min(limit, MOST_ROWS));
  }

  /** Rows before the first that is wanted. */
  public int offset() {
    return number("offset").orElse(0);
  }

  /**
   * The most rows that the client wants; empty where it names none. Answers that are arrays have
   * all rows then: without {@code next}, nobody would see that some are missing.
   */
  public Optional<Integer> limit() {
    return number("limit").filter(n -> n > 0);
  }

  /** The list's answer, with the addresses of its neighbours. */
  public <T, V> Page<V> page(Rows<T> rows, Function<? super T, V> view) {
    Slice slice = slice();
    int size = rows.items().size();
    return page(
        new Listing<>(
            slice,
            rows.total(),
            size,
            from -> new Stretch<>(rows.items().subList(from, size), size)),
        view);
  }

  /**
   * The answer of a list that is read while it is written. What fails before the first row is
   * thrown here.
   */
  public <T, V> Page<V> page(Listing<T> listing, Function<? super T, V> view) {
    Slice slice = listing.slice();
    Optional<String> previous =
        slice.offset() > 0
            ? Optional.of(at(Math.max(0, slice.offset() - slice.limit()), slice))
            : Optional.empty();
    return new Page<>(
        new Items<>(listing, view),
        previous,
        position ->
            position < listing.total() && position > slice.offset()
                ? Optional.of(at(position, slice))
                : Optional.empty());
  }

  /** An answer that is an array of all rows. */
  public <T, V> Items<V> items(Listing<T> listing, Function<? super T, V> view) {
    return new Items<>(listing, view);
  }

  private String at(int offset, Slice slice) {
    UriBuilder uri = context.getUriInfo().getRequestUriBuilder();
    String pathAndQuery =
        uri.replaceQueryParam("offset", offset)
            .replaceQueryParam("limit", slice.limit())
            .scheme(null)
            .host(null)
            .port(-1)
            .build()
            .toString();
    return url(pathAndQuery);
  }

  /**
   * The answer of a list: {@code count}, {@code previous}, {@code results} and {@code next}. It
   * ends early once it is long enough, or where the database gives no more rows; {@code next} goes
   * on where it ended.
   */
  public static final class Page<V> {
    private final Items<V> rows;
    private final Optional<String> previous;
    private final IntFunction<Optional<String>> next;

    private Page(Items<V> rows, Optional<String> previous, IntFunction<Optional<String>> next) {
      this.rows = rows;
      this.previous = previous;
      this.next = next;
    }

    void write(JsonStream out) throws IOException {
      out.begin().name("count").value(rows.total()).name("previous").value(previous);
      rows.writeSome(out.name("results"));
      out.name("next").value(next.apply(rows.position())).end();
    }
  }
}
