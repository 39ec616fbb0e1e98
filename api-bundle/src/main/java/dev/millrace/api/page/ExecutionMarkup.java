package dev.millrace.api.page;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.service.DatumView;
import dev.millrace.engine.service.ExecutionView;
import dev.millrace.engine.service.Listing;
import dev.millrace.engine.service.LogPage;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

/** Draws the page of one execution. Elements with an id are refreshed by the page's script. */
final class ExecutionMarkup {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneOffset.UTC);

  private static final int MOST_OUTPUTS = 1_000;

  private final Visit visit;
  private final ExecutionView view;
  private final Execution execution;
  private final ExecutionSpec spec;
  private final Listing<DatumView> outputs;
  private final Map<String, String> metadata;
  private final Html page;

  ExecutionMarkup(Visit visit, ExecutionView.Detail detail) {
    this.visit = visit;
    this.view = detail.view();
    this.execution = view.execution();
    this.spec = execution.spec();
    this.outputs = detail.outputs();
    this.metadata = detail.metadata();
    this.page =
        Layout.begin(visit, view.project().name() + " #" + execution.counter() + " " + title());
  }

  Html page(List<LogPage.Line> log, long total) {
    top();
    page.open("section", "class", "card", "id", "log").element("h2", "Log");
    if (log.isEmpty()) {
      page.element("p", "There is no line yet.", "class", "note");
    } else {
      page.open("p", "class", "note")
          .text(
              log.size() < total
                  ? "The last " + log.size() + " of " + total + " lines. "
                  : total + (total == 1 ? " line. " : " lines. "))
          .link("/e/" + execution.id() + "/log", "The whole log as text")
          .close("p");
      page.open("pre", "class", "log", "tabindex", "0");
      for (LogPage.Line line : log) {
        page.open("span", "class", line.stream())
            .element("time", CLOCK.format(line.time()))
            .text(" " + Words.plain(line.message()) + "\n")
            .close("span");
      }
      page.close("pre");
    }
    page.close("section");
    return bottom();
  }

  Html pageWithoutLog(String reason) {
    top();
    page.open("section", "class", "card", "id", "log")
        .element("h2", "Log")
        .element("p", "The log cannot be shown just now: " + reason, "class", "problem")
        .close("section");
    return bottom();
  }

  private String title() {
    return execution.title().isBlank() ? spec.step() : execution.title();
  }

  private void top() {
    page.open("p", "class", "path")
        .link("/p/" + view.project().id() + "/", view.project().name())
        .text(" / #" + execution.counter())
        .close("p")
        .element("h1", title());
    state();
    actions();
    facts();
    outputs();
    metadata();
  }

  private Html bottom() {
    parameters();
    inputs();
    command();
    return Layout.end(page);
  }

  private void state() {
    String word = view.shown().word();
    page.open("section", "id", "state", "data-final", String.valueOf(view.shown().terminal()))
        .open("p")
        .element("strong", word, "class", "badge " + word);
    execution.reason().map(ReasonCode::word).ifPresent(r -> page.element("code", r));
    execution.exitCode().ifPresent(c -> page.element("span", "exit code " + c, "class", "note"));
    view.duration().ifPresent(d -> page.element("span", Words.span(d), "class", "note"));
    page.close("p");
    String detail = execution.waiting().orElse(execution.statusDetail());
    if (!detail.isBlank()) {
      page.element("p", detail, "class", "detail");
    }
    page.close("section");
  }

  private void actions() {
    page.open("div", "id", "actions");
    if (!view.shown().terminal() && execution.endedAt().isEmpty()) {
      Layout.form(page, visit, "/e/" + execution.id() + "/stop");
      boolean again = execution.status().word().equals("stopping");
      page.element("button", again ? "Stop at once" : "Stop", "class", "danger", "id", "stop")
          .close("form");
    }
    page.close("div");
  }

  private void facts() {
    page.open("section", "class", "card", "id", "facts").open("table", "class", "facts");
    page.row("Step", spec.step());
    page.open("tr").element("th", "Commit", "scope", "row").open("td");
    page.link("/c/" + view.commit().commit().id() + "/", spec.commitIdentifier())
        .close("td")
        .close("tr");
    page.row(
        "Image",
        spec.image() + execution.imageDigest().map(digest -> " (" + digest + ")").orElse(""));
    page.row("Environment", view.environment().name());
    page.row("Made by", view.creator().name());
    page.row("Created", Words.time(execution.createdAt()));
    execution.queuedAt().ifPresent(t -> page.row("Queued", Words.time(t)));
    execution.startedAt().ifPresent(t -> page.row("Started", Words.time(t)));
    execution.endedAt().ifPresent(t -> page.row("Ended", Words.time(t)));
    page.row("Priority", String.valueOf(execution.priority()));
    if (spec.timeLimitSeconds() > 0) {
      page.row("Time limit", spec.timeLimitSeconds() + " s");
    }
    if (!execution.tags().isEmpty()) {
      page.row("Tags", String.join(", ", execution.tags()));
    }
    page.close("table").close("section");
  }

  private void outputs() {
    page.open("section", "class", "card", "id", "outputs").element("h2", "Outputs");
    if (outputs.total() == 0) {
      page.element("p", "There is no output yet.", "class", "note").close("section");
      return;
    }
    heads("Name", "Size", "SHA-256", "");
    int shown = 0;
    while (!outputs.ended() && shown < MOST_OUTPUTS) {
      for (DatumView output : outputs.next()) {
        output(output.datum());
        shown++;
      }
    }
    page.close("table");
    if (shown < outputs.total()) {
      page.element(
          "p", "These are the first " + shown + " of " + outputs.total() + ".", "class", "note");
    }
    page.close("section");
  }

  private void output(Datum datum) {
    page.open("tr")
        .element("td", datum.name())
        .element("td", Words.bytes(datum.bytes()), "class", "number")
        .open("td")
        .element("code", datum.sha256().orElse(""))
        .close("td")
        .open("td");
    if (datum.purgedAt().isPresent()) {
      page.text("purged");
    } else {
      page.link("/d/" + datum.id(), "Download");
    }
    page.close("td").close("tr");
  }

  private void metadata() {
    page.open("section", "id", "metadata");
    if (!metadata.isEmpty()) {
      page.open("div", "class", "card").element("h2", "Metadata, last values");
      page.open("table", "class", "facts");
      metadata.forEach(page::row);
      page.close("table").close("div");
    }
    page.close("section");
  }

  private void parameters() {
    if (spec.parameters().isEmpty() && spec.environmentVariables().isEmpty()) {
      return;
    }
    page.open("section", "class", "card").element("h2", "Parameters and variables");
    page.open("table", "class", "facts");
    spec.parameters().forEach((name, value) -> page.row(name, text(value)));
    for (EnvironmentValue variable : spec.environmentVariables()) {
      page.row("$" + variable.name(), variable.value().orElse("(secret)"));
    }
    page.close("table").close("section");
  }

  private void inputs() {
    if (spec.inputs().isEmpty()) {
      return;
    }
    page.open("section", "class", "card").element("h2", "Inputs");
    heads("Input", "File", "From");
    for (ExecutionInput input : spec.inputs()) {
      for (InputFile file : input.files()) {
        page.open("tr")
            .element("td", input.name())
            .element("td", file.name())
            .element("td", file.uri())
            .close("tr");
      }
    }
    page.close("table").close("section");
  }

  private void command() {
    page.open("section", "class", "card")
        .element("h2", "Command")
        .element("pre", String.join("\n", spec.commands()))
        .close("section");
  }

  private void heads(String... names) {
    page.open("table").open("thead").open("tr");
    for (String name : names) {
      page.element("th", name, "scope", "col");
    }
    page.close("tr").close("thead");
  }

  private static String text(JsonNode value) {
    return value.isValueNode() ? value.asText() : value.toString();
  }
}
