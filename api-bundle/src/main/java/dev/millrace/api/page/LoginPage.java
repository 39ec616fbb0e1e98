package dev.millrace.api.page;

import dev.millrace.api.http.Errors;
import dev.millrace.api.http.Open;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.Refusal;
import dev.millrace.engine.service.WebSessions;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** Login and logout of people with a browser. */
@Component(service = LoginPage.class)
@JakartarsResource
@Path("/")
@Open
public final class LoginPage {
  private final WebSessions sessions;

  @Activate
  public LoginPage(@Reference WebSessions sessions) {
    this.sessions = sessions;
  }

  @GET
  @Path("login")
  public Response form(
      @Context ContainerRequestContext context,
      @QueryParam("next") @DefaultValue("/") String next) {
    return Visit.open(
        context,
        sessions,
        visit ->
            visit.person().isPresent()
                ? visit.redirect(Visit.next(next)).build()
                : form(visit, 200, Optional.empty(), "", next));
  }

  /** Opens a session; a wrong pair shows the form again, with the status of the API's login. */
  @POST
  @Path("login")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  public Response login(
      @Context ContainerRequestContext context,
      @FormParam(Visit.TOKEN) @DefaultValue("") String token,
      @FormParam("username") @DefaultValue("") String username,
      @FormParam("password") @DefaultValue("") String password,
      @FormParam("next") @DefaultValue("/") String next) {
    return Visit.open(
        context,
        sessions,
        visit -> {
          visit.requireOwnForm(Visit.FORM, token);
          Secret cookie;
          try {
            cookie = sessions.open(username.strip(), Secret.of(password), visit.call().address());
          } catch (Refusal e) {
            String words = e instanceof Invalid invalid ? Visit.words(invalid) : e.text();
            return form(visit, Errors.status(e), Optional.of(words), username, next);
          }
          return visit
              .redirect(Visit.next(next))
              .cookie(visit.newCookie(Visit.SESSION, cookie.reveal()), visit.noCookie(Visit.FORM))
              .build();
        });
  }

  @POST
  @Path("logout")
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  public Response logout(
      @Context ContainerRequestContext context,
      @FormParam(Visit.TOKEN) @DefaultValue("") String token) {
    return Visit.change(
        context,
        sessions,
        token,
        visit -> {
          sessions.close(visit.actor(), visit.cookie(Visit.SESSION));
          return visit.redirect("/login").cookie(visit.noCookie(Visit.SESSION)).build();
        });
  }

  private Response form(
      Visit visit, int status, Optional<String> problem, String username, String next) {
    String cookie = visit.cookie(Visit.FORM);
    boolean fresh = cookie.isEmpty() || cookie.length() > 200;
    String bound = fresh ? sessions.newFormCookie() : cookie;
    Html page = Layout.begin(visit, "Log in");
    page.open("section", "class", "card narrow").element("h1", "Log in");
    problem.ifPresent(p -> page.element("p", p, "class", "problem", "role", "alert"));
    page.open("form", "method", "post", "action", "/login")
        .open("input", "type", "hidden", "name", Visit.TOKEN, "value", sessions.formToken(bound))
        .open("input", "type", "hidden", "name", "next", "value", Visit.next(next))
        .element("label", "User name", "for", "username")
        .open(
            "input",
            "id",
            "username",
            "name",
            "username",
            "value",
            username,
            "autocomplete",
            "username",
            "autocapitalize",
            "none",
            "required",
            "",
            "autofocus",
            "")
        .element("label", "Password", "for", "password")
        .open(
            "input",
            "id",
            "password",
            "name",
            "password",
            "type",
            "password",
            "autocomplete",
            "current-password",
            "required",
            "")
        .element("button", "Log in")
        .close("form")
        .close("section");
    Response.ResponseBuilder answer = visit.html(status, Layout.end(page));
    return fresh ? answer.cookie(visit.newCookie(Visit.FORM, bound)).build() : answer.build();
  }
}
