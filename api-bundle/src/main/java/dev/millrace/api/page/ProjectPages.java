package dev.millrace.api.page;

import dev.millrace.api.http.Open;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.service.Commits;
import dev.millrace.engine.service.ExecutionView;
import dev.millrace.engine.service.Executions;
import dev.millrace.engine.service.Listing;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Projects;
import dev.millrace.engine.service.WebSessions;
import dev.millrace.engine.store.ExecutionFilter;
import dev.millrace.engine.store.Slice;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsResource;

/** The ways to an execution: the caller's projects, one project, one commit. */
@Component(service = ProjectPages.class)
@JakartarsResource
@Path("/")
@Open
public final class ProjectPages {
  private static final Slice SHOWN = Slice.first(100);

  private final WebSessions sessions;
  private final Projects projects;
  private final Commits commits;
  private final Executions executions;

  @Activate
  public ProjectPages(
      @Reference WebSessions sessions,
      @Reference Projects projects,
      @Reference Commits commits,
      @Reference Executions executions) {
    this.sessions = sessions;
    this.projects = projects;
    this.commits = commits;
    this.executions = executions;
  }

  @GET
  public Response home(@Context ContainerRequestContext context) {
    return Visit.page(
        context,
        sessions,
        visit -> {
          Listing<Projects.View> rows = projects.list(visit.actor(), SHOWN);
          Html page = Layout.begin(visit, "Projects");
          page.element("h1", "Projects");
          if (rows.total() == 0) {
            page.element("p", "There is no project yet; \"vh project create\" makes one.");
          } else {
            page.open("table");
            rows.forEach(
                view -> {
                  Project project = view.project();
                  page.open("tr")
                      .open("td")
                      .link("/p/" + project.id() + "/", project.name())
                      .close("td")
                      .element("td", view.owner().name())
                      .element("td", project.description())
                      .close("tr");
                });
            page.close("table");
          }
          more(page, rows);
          return visit.html(200, Layout.end(page)).build();
        });
  }

  @GET
  @Path("p/{id}")
  public Response project(@Context ContainerRequestContext context, @PathParam("id") String id) {
    return Visit.page(
        context,
        sessions,
        visit -> {
          ProjectId project = parse(id);
          Projects.Detail detail = projects.find(visit.actor(), project);
          Listing<ExecutionView> rows =
              executions.list(
                  visit.actor(),
                  new ExecutionFilter(
                      Optional.of(project),
                      Set.of(),
                      Set.of(),
                      Optional.empty(),
                      Optional.empty(),
                      Optional.empty(),
                      Optional.of(false),
                      ExecutionFilter.Order.COUNTER_DESC),
                  SHOWN);
          Html page = Layout.begin(visit, detail.view().project().name());
          page.open("p", "class", "path").link("/", "Projects").close("p");
          page.element("h1", detail.view().project().name())
              .element("p", detail.view().project().description());
          executions(page, rows);
          return visit.html(200, Layout.end(page)).build();
        });
  }

  @GET
  @Path("c/{id}")
  public Response commit(@Context ContainerRequestContext context, @PathParam("id") String id) {
    return Visit.page(
        context,
        sessions,
        visit -> {
          var view = commits.find(visit.actor(), id, Optional.empty());
          Commit commit = view.commit();
          Html page = Layout.begin(visit, commit.identifier());
          page.open("p", "class", "path")
              .link("/p/" + commit.project() + "/", view.project().name())
              .close("p");
          page.element("h1", commit.adhoc() ? "Ad-hoc code" : "Commit")
              .open("section", "class", "card")
              .open("table", "class", "facts")
              .row("Identifier", commit.identifier())
              .row("Refs", String.join(", ", commit.refs()))
              .row("Description", commit.description())
              .row("Time", Words.time(commit.commitTime()))
              .close("table")
              .close("section");
          page.open("section", "class", "card")
              .element("h2", commit.yamlPath())
              .element("pre", commit.config().orElse("There is no such file in it."))
              .close("section");
          return visit.html(200, Layout.end(page)).build();
        });
  }

  private static void executions(Html page, Listing<ExecutionView> rows) {
    page.open("section", "class", "card").element("h2", "Executions");
    if (rows.total() == 0) {
      page.element("p", "There is no execution yet.", "class", "note");
    } else {
      page.open("table");
      rows.forEach(view -> execution(page, view));
      page.close("table");
    }
    more(page, rows);
    page.close("section");
  }

  private static void execution(Html page, ExecutionView view) {
    String word = view.shown().word();
    page.open("tr")
        .open("td")
        .link("/e/" + view.execution().id() + "/", "#" + view.execution().counter())
        .close("td")
        .open("td")
        .element("strong", word, "class", "badge " + word)
        .close("td")
        .element("td", view.execution().spec().step())
        .element("td", view.execution().title())
        .element("td", view.creator().name())
        .element("td", Words.time(view.execution().createdAt()))
        .element("td", view.duration().map(Words::span).orElse(""), "class", "number")
        .close("tr");
  }

  private static void more(Html page, Listing<?> rows) {
    if (rows.total() > rows.position()) {
      page.element(
          "p",
          "These are the first " + rows.position() + " of " + rows.total() + ".",
          "class",
          "note");
    }
  }

  private static ProjectId parse(String id) {
    try {
      return ProjectId.parse(id);
    } catch (IllegalArgumentException e) {
      throw new NotFound("Project");
    }
  }
}
