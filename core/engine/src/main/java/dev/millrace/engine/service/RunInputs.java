package dev.millrace.engine.service;

import dev.millrace.engine.domain.AddressRange;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumAlias;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.InputId;
import dev.millrace.engine.domain.OffLimits;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.yaml.Input;
import dev.millrace.engine.yaml.Step;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Fixes what an execution's inputs are. A datum is looked up now, so that a copy of the execution
 * gets the same file; it must be one that the user may see and of the project's own owner.
 */
final class RunInputs {
  private static final int MAX_FILES = 10_000;
  private static final int MAX_URI = 8_192;

  /** Every spelling that a resolver takes for an address: decimal, hexadecimal, octal, IPv6. */
  private static final Pattern NUMBERS =
      Pattern.compile(
          "(0[xX][0-9A-Fa-f]+|[0-9]+)(\\.(0[xX][0-9A-Fa-f]+|[0-9]+))*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

  private final Session session;
  private final Scope scope;
  private final Project project;
  private final Uuid7 ids;
  private final List<AddressRange> allowed;
  private final Map<ProjectId, Optional<OwnerId>> owners = new HashMap<>();

  RunInputs(Session session, Scope scope, Project project, Uuid7 ids, List<AddressRange> allowed) {
    this.session = session;
    this.scope = scope;
    this.project = project;
    this.ids = ids;
    this.allowed = allowed;
  }

  /** The inputs in the step's order; notes what is wrong under {@code inputs.<name>}. */
  List<ExecutionInput> resolve(Step step, Map<String, List<String>> uris, Problems problems) {
    List<ExecutionInput> inputs = new ArrayList<>();
    int files = 0;
    for (Input input : step.inputs()) {
      List<String> wanted = uris.getOrDefault(input.name(), List.of());
      String field = "inputs." + input.name();
      problems.check(
          input.download() == Input.Download.ALWAYS,
          field,
          "On-demand inputs are not supported yet; take \"download: on-demand\" out of the step",
          "not_supported");
      problems.check(
          folder(input.name()), field, "An input's name must be a plain folder name", "invalid");
      files += wanted.size();
      if (files > MAX_FILES) {
        problems.add(field, "An execution may have " + MAX_FILES + " input files", "max_items");
        return inputs;
      }
      // The same file name twice: the last one wins, as if it had been fetched over the first.
      Map<String, InputFile> byName = new LinkedHashMap<>();
      for (String uri : wanted) {
        file(input, uri, wanted.size() == 1, field, problems)
            .ifPresent(file -> byName.put(file.name(), file));
      }
      inputs.add(
          new ExecutionInput(
              new InputId(ids.next()),
              input.name(),
              wanted,
              List.copyOf(byName.values()),
              input.keepDirectories().name().toLowerCase(Locale.ROOT)));
    }
    return inputs;
  }

  private Optional<InputFile> file(
      Input input, String text, boolean only, String field, Problems problems) {
    String shown = Submissions.brief(text);
    int colon = text.indexOf("://");
    if (colon < 1 || text.length() > MAX_URI || !Submissions.plain(text)) {
      problems.add(
          field,
          "\"" + shown + "\" is no address; give http://…, https://… or datum://<id or alias>",
          "invalid_uri");
      return Optional.empty();
    }
    String scheme = text.substring(0, colon).toLowerCase(Locale.ROOT);
    boolean keep = input.keepDirectories() == Input.KeepDirectories.FULL;
    Optional<InputFile> file =
        switch (scheme) {
          case "http", "https" -> web(text, shown, keep, field, problems);
          case "datum" -> datum(text, text.substring(colon + 3), keep, field, problems);
          default -> {
            problems.add(
                field,
                "Addresses of scheme "
                    + Submissions.brief(scheme)
                    + ":// are not supported yet; give http://…, https://… or datum://<id or alias>",
                "unsupported_scheme");
            yield Optional.empty();
          }
        };
    String forced = input.filename();
    if (file.isEmpty() || !only || forced == null || forced.isBlank()) {
      return file;
    }
    if (!path(forced)) {
      problems.add(field, "The step's filename must stay in the input's folder", "invalid");
      return Optional.empty();
    }
    return file.map(f -> new InputFile(forced, f.uri(), f.datum()));
  }

  private Optional<InputFile> web(
      String text, String shown, boolean keep, String field, Problems problems) {
    if (text.indexOf('*') >= 0) {
      problems.add(
          field,
          "Wildcards are not supported; name each file of \"" + shown + "\"",
          "wildcard_not_supported");
      return Optional.empty();
    }
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      problems.add(
          field,
          "\"" + shown + "\" is no address: " + e.getReason() + "; encode it",
          "invalid_uri");
      return Optional.empty();
    }
    if (uri.getHost() == null || uri.getHost().isEmpty()) {
      problems.add(field, "\"" + shown + "\" names no host", "invalid_uri");
      return Optional.empty();
    }
    if (uri.getRawUserInfo() != null) {
      problems.add(
          field,
          "An address may not hold a user name or password: whoever sees the execution would see it",
          "credentials_in_uri");
      return Optional.empty();
    }
    Optional<String> offLimits = offLimits(uri.getHost());
    if (offLimits.isPresent()) {
      problems.add(
          field,
          "\""
              + shown
              + "\" is at "
              + offLimits.get()
              + ", from which inputs are not fetched; the operator can allow it with"
              + " MILLRACE_INPUT_ALLOW",
          "address_refused");
      return Optional.empty();
    }
    String path = Optional.ofNullable(uri.getPath()).orElse("").replaceAll("^/+", "");
    String name = keep ? path : path.substring(path.lastIndexOf('/') + 1);
    if (!path(name)) {
      problems.add(
          field,
          "\"" + shown + "\" ends in no file name; name the file, or set \"filename\" in the step",
          "no_file_name");
      return Optional.empty();
    }
    return Optional.of(new InputFile(name, text, Optional.empty()));
  }

  /**
   * What is wrong with a host that is an address; a name is judged by the worker that resolves it.
   */
  private Optional<String> offLimits(String host) {
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    if (!NUMBERS.matcher(bare).matches()) {
      return Optional.empty();
    }
    try {
      return OffLimits.reason(InetAddress.getByName(bare), allowed);
    } catch (UnknownHostException e) {
      return Optional.of("no address");
    }
  }

  private Optional<InputFile> datum(
      String uri, String text, boolean keep, String field, Problems problems) {
    Optional<DatumId> named = named(text);
    if (named.isEmpty()) {
      problems.add(
          field,
          "The project has no file and no alias of the name \"" + Submissions.brief(text) + "\"",
          "does_not_exist");
      return Optional.empty();
    }
    DatumId id = named.get();
    Optional<Datum> found =
        session
            .data()
            .find(scope, id)
            .filter(d -> owner(d.project()).filter(project.owner()::equals).isPresent());
    if (found.isEmpty()) {
      problems.add(field, "There is no file datum://" + id, "does_not_exist");
      return Optional.empty();
    }
    Datum datum = found.get();
    if (datum.purgedAt().isPresent()) {
      problems.add(field, "The bytes of datum://" + id + " were purged", "purged");
      return Optional.empty();
    }
    String name = keep ? datum.name() : datum.name().substring(datum.name().lastIndexOf('/') + 1);
    return Optional.of(new InputFile(name, uri, Optional.of(id)));
  }

  /** By id, else by an alias of the project: what it names now stays the run's file. */
  private Optional<DatumId> named(String text) {
    try {
      return Optional.of(DatumId.parse(text));
    } catch (IllegalArgumentException e) {
      return session.aliases().byName(scope, project.id(), text).map(DatumAlias::datum);
    }
  }

  private Optional<OwnerId> owner(ProjectId id) {
    return owners.computeIfAbsent(id, i -> session.projects().find(scope, i).map(Project::owner));
  }

  private static boolean folder(String name) {
    return path(name) && name.indexOf('/') < 0;
  }

  /** Whether the name stays below the folder that it is put into. */
  private static boolean path(String name) {
    if (name.isEmpty() || name.length() > 1_024 || !Submissions.plain(name)) {
      return false;
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..") || part.length() > 255) {
        return false;
      }
    }
    return true;
  }
}
