package dev.millrace.api.page;

import dev.millrace.api.http.Call;
import dev.millrace.api.http.Errors;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.service.Denied;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.Refusal;
import dev.millrace.engine.service.TooMany;
import dev.millrace.engine.service.WebSessions;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Cookie;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.NewCookie;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * One request of a browser: who it is by their cookie, forged forms, and how pages are answered.
 */
final class Visit {
  /** The name of the field that every form carries. */
  static final String TOKEN = "form_token";

  /** The cookie of a session. */
  static final String SESSION = "millrace_session";

  /** The cookie that the form of the login is bound to, for there is no session yet. */
  static final String FORM = "millrace_form";

  /** Where a login may lead; anything else could lead to another server. */
  private static final Pattern OWN_PAGE =
      Pattern.compile("/|/auth/tokens/|/[a-z]/[A-Za-z0-9~:_-]{1,100}/?");

  private static final String POLICY =
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src"
          + " 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

  private final ContainerRequestContext context;
  private final Call call;
  private final WebSessions sessions;
  private final Optional<Actor.Person> person;

  private Visit(ContainerRequestContext context, WebSessions sessions) {
    this.context = context;
    this.call = Call.of(context);
    this.sessions = sessions;
    this.person = sessions.find(cookie(SESSION), call.address());
  }

  /**
   * Answers a page to whoever is logged in; others are sent to the login and back. Refusals become
   * pages as well.
   */
  static Response page(
      ContainerRequestContext context, WebSessions sessions, Function<Visit, Response> work) {
    Visit visit = new Visit(context, sessions);
    if (visit.person.isEmpty()) {
      String here = context.getUriInfo().getRequestUri().getRawPath();
      return visit
          .redirect(
              OWN_PAGE.matcher(here).matches()
                  ? "/login?next=" + URLEncoder.encode(here, StandardCharsets.UTF_8)
                  : "/login")
          .build();
    }
    return visit.refusals(() -> work.apply(visit));
  }

  /** Runs a change that a form asks for, unless the form is forged. */
  static Response change(
      ContainerRequestContext context,
      WebSessions sessions,
      String token,
      Function<Visit, Response> work) {
    return page(
        context,
        sessions,
        visit -> {
          visit.requireOwnForm(SESSION, token);
          return work.apply(visit);
        });
  }

  /** Answers whoever asks, logged in or not. */
  static Response open(
      ContainerRequestContext context, WebSessions sessions, Function<Visit, Response> work) {
    Visit visit = new Visit(context, sessions);
    return visit.refusals(() -> work.apply(visit));
  }

  Call call() {
    return call;
  }

  Optional<Actor.Person> person() {
    return person;
  }

  Actor.Person actor() {
    return person.orElseThrow(() -> new IllegalStateException("nobody is logged in"));
  }

  /** The value of a cookie; empty if there is none. */
  String cookie(String name) {
    Cookie cookie = context.getCookies().get(name);
    return cookie == null ? "" : cookie.getValue();
  }

  /** What a form of this page must carry. */
  String formToken() {
    return sessions.formToken(cookie(SESSION));
  }

  /**
   * Throws {@link Denied} unless the form came from a page of this server, made for the cookie that
   * came with it.
   */
  void requireOwnForm(String cookie, String token) {
    if (!fromHere() || !sessions.rightFormToken(cookie(cookie), token)) {
      throw new Denied(
          "This form did not come from a page of this server, or the page is too old. Nothing was"
              + " changed; load the page again.");
    }
  }

  private boolean fromHere() {
    Optional<String> origin = call.header("Origin");
    if (origin.isPresent()) {
      return origin.get().equalsIgnoreCase(call.url(""));
    }
    Optional<String> site = call.header("Sec-Fetch-Site");
    if (site.isPresent()) {
      return site.get().equals("same-origin");
    }
    return call.header("Referer").map(r -> r.startsWith(call.url("/"))).orElse(false);
  }

  /** Where a login leads: the page that asked for it, if it is one of ours. */
  static String next(String wanted) {
    return OWN_PAGE.matcher(wanted).matches() ? wanted : "/";
  }

  Response.ResponseBuilder redirect(String path) {
    return safe(Response.seeOther(URI.create(call.url(path))));
  }

  Response.ResponseBuilder html(int status, Html page) {
    return safe(Response.status(status)).type("text/html;charset=utf-8").entity(page.toString());
  }

  /** The headers that keep a page from being framed, stored, sniffed or fed with foreign code. */
  static Response.ResponseBuilder safe(Response.ResponseBuilder answer) {
    return answer
        .header("Content-Security-Policy", POLICY)
        .header("X-Frame-Options", "DENY")
        // With no-referrer browsers would send forms with the origin "null".
        .header("Referrer-Policy", "same-origin")
        .header("Cross-Origin-Opener-Policy", "same-origin")
        .header(HttpHeaders.CACHE_CONTROL, "no-store");
  }

  /** A cookie that scripts cannot read and foreign pages do not send with their forms. */
  NewCookie newCookie(String name, String value) {
    return new NewCookie.Builder(name)
        .value(value)
        .path("/")
        .httpOnly(true)
        .secure(call.url("").startsWith("https:"))
        .sameSite(NewCookie.SameSite.LAX)
        .build();
  }

  /** A cookie that takes another one away. */
  NewCookie noCookie(String name) {
    return new NewCookie.Builder(name)
        .value("")
        .path("/")
        .maxAge(0)
        .httpOnly(true)
        .secure(call.url("").startsWith("https:"))
        .sameSite(NewCookie.SameSite.LAX)
        .build();
  }

  private Response refusals(Supplier<Response> work) {
    try {
      return work.get();
    } catch (Refusal e) {
      int status = Errors.status(e);
      Html page = Layout.begin(this, title(status));
      page.element("h1", title(status))
          .element("p", e instanceof Invalid invalid ? words(invalid) : e.text());
      Response.ResponseBuilder answer = html(status, Layout.end(page));
      if (e instanceof TooMany many) {
        answer.header(HttpHeaders.RETRY_AFTER, Math.max(1, many.retryAfter().toSeconds()));
      }
      return answer.build();
    }
  }

  /** The problems as one text. */
  static String words(Invalid invalid) {
    StringBuilder text = new StringBuilder();
    invalid
        .fields()
        .forEach(
            (field, problems) ->
                problems.forEach(
                    problem -> {
                      text.append(text.length() == 0 ? "" : " ");
                      if (!field.equals("non_field_errors")) {
                        text.append(field.replace('_', ' ')).append(": ");
                      }
                      text.append(problem.message());
                    }));
    return text.toString();
  }

  private static String title(int status) {
    return switch (status) {
      case 404 -> "Not found";
      case 403 -> "Not allowed";
      case 429 -> "Too many attempts";
      case 503 -> "Not available just now";
      default -> "This was refused";
    };
  }
}
