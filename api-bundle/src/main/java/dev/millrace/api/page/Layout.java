package dev.millrace.api.page;

import dev.millrace.engine.domain.Actor;

/** The frame of every page. */
final class Layout {
  private Layout() {}

  static Html begin(Visit visit, String title) {
    Html page = new Html();
    page.open("html", "lang", "en")
        .open("head")
        .open("meta", "charset", "utf-8")
        .open("meta", "name", "viewport", "content", "width=device-width, initial-scale=1")
        .element("title", title + " - Millrace")
        .open("link", "rel", "stylesheet", "href", "/static/page.css")
        .open("link", "rel", "icon", "href", "/static/icon.svg", "type", "image/svg+xml")
        .open("script", "src", "/static/page.js", "defer", "")
        .close("script")
        .close("head")
        .open("body")
        .open("header")
        .open("a", "href", "/", "class", "brand")
        .text("Millrace")
        .close("a");
    if (visit.person().isPresent()) {
      Actor.Person person = visit.actor();
      page.open("nav").link("/auth/tokens/", "API tokens");
      form(page, visit, "/logout");
      page.element("span", person.user().name(), "class", "who")
          .element("button", "Log out", "class", "quiet")
          .close("form")
          .close("nav");
    }
    return page.close("header").open("main");
  }

  static Html end(Html page) {
    return page.close("main").close("body").close("html");
  }

  /** Opens a form that posts, with the field that proves where it came from. */
  static Html form(Html page, Visit visit, String action) {
    return page.open("form", "method", "post", "action", action)
        .open("input", "type", "hidden", "name", Visit.TOKEN, "value", visit.formToken());
  }
}
