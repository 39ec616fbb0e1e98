package dev.millrace.api.page;

import dev.millrace.api.http.Open;
import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Tokens;
import dev.millrace.engine.service.WebSessions;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** A person's API tokens; clients send people here who cannot log in by password. */
@Component(service = TokensPage.class)
@JakartarsResource
@Path("/auth/tokens")
@Open
public final class TokensPage {
  /** Days to words. */
  private static final Map<Integer, String> SPANS =
      new TreeMap<>(Map.of(1, "one day", 30, "30 days", 90, "90 days", 365, "one year"));

  private final WebSessions sessions;
  private final Tokens tokens;

  @Activate
  public TokensPage(@Reference WebSessions sessions, @Reference Tokens tokens) {
    this.sessions = sessions;
    this.tokens = tokens;
  }

  @GET
  public Response list(@Context ContainerRequestContext context) {
    return Visit.page(context, sessions, visit -> list(visit, Optional.empty()));
  }

  /** Makes a token and shows its text, this once. */
  @POST
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  public Response make(
      @Context ContainerRequestContext context,
      @FormParam(Visit.TOKEN) @DefaultValue("") String token,
      @FormParam("name") @DefaultValue("") String name,
      @FormParam("days") @DefaultValue("90") String days) {
    return Visit.change(
        context,
        sessions,
        token,
        visit -> {
          Optional<Duration> validity =
              SPANS.keySet().stream()
                  .filter(span -> String.valueOf(span).equals(days))
                  .map(Duration::ofDays)
                  .findFirst();
          return list(
              visit,
              Optional.of(tokens.make(visit.actor(), Optional.empty(), name.strip(), validity)));
        });
  }

  @POST
  @Path("{id}/revoke")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  public Response revoke(
      @Context ContainerRequestContext context,
      @PathParam("id") String id,
      @FormParam(Visit.TOKEN) @DefaultValue("") String token) {
    return Visit.change(
        context,
        sessions,
        token,
        visit -> {
          tokens.revoke(visit.actor(), parse(id));
          return visit.redirect("/auth/tokens/").build();
        });
  }

  private Response list(Visit visit, Optional<Tokens.Made> made) {
    List<ApiToken> all = tokens.list(visit.actor(), Optional.empty());
    Html page = Layout.begin(visit, "API tokens");
    page.element("h1", "API tokens");
    made.ifPresent(
        fresh ->
            page.open("section", "class", "card")
                .element("p", "Copy the new token now; it is never shown again.")
                .element("pre", fresh.text().reveal(), "id", "token")
                .close("section"));
    page.open("section", "class", "card").element("h2", "Make a token");
    Layout.form(page, visit, "/auth/tokens/")
        .element("label", "Name", "for", "name")
        .open("input", "id", "name", "name", "name", "maxlength", "100", "required", "")
        .element("label", "Good for", "for", "days")
        .open("select", "id", "days", "name", "days");
    SPANS.forEach(
        (days, words) -> {
          String value = String.valueOf(days);
          if (days == 90) {
            page.element("option", words, "value", value, "selected", "");
          } else {
            page.element("option", words, "value", value);
          }
        });
    page.element("option", "until it is revoked", "value", "0")
        .close("select")
        .element("button", "Make a token")
        .close("form")
        .close("section");
    page.open("section", "class", "card").element("h2", "Your tokens").open("table");
    for (ApiToken token : all) {
      if (token.revokedAt().isEmpty()) {
        row(page, visit, token);
      }
    }
    page.close("table").close("section");
    return visit.html(200, Layout.end(page)).build();
  }

  private static void row(Html page, Visit visit, ApiToken token) {
    page.open("tr")
        .element("td", token.name())
        .element("td", "made " + Words.time(token.createdAt()))
        .element("td", token.expiresAt().map(t -> "good until " + Words.time(t)).orElse(""))
        .open("td", "class", "number");
    Layout.form(page, visit, "/auth/tokens/" + token.id() + "/revoke")
        .element("button", "Revoke", "class", "quiet")
        .close("form")
        .close("td")
        .close("tr");
  }

  private static TokenId parse(String id) {
    try {
      return TokenId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Token");
    }
  }
}
