package dev.millrace.engine.service;

import dev.millrace.engine.artifacts.ImageHosts;
import dev.millrace.engine.artifacts.Images;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.IdempotencyKey;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.keys.InstallationKey;
import dev.millrace.engine.queue.Queue;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.yaml.ConfigReader;
import dev.millrace.engine.yaml.ConfigReading;
import dev.millrace.engine.yaml.Step;
import dev.millrace.engine.yaml.YamlConfig;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Turns what a user asks for into an execution, or says everything that is wrong with it. */
@Component(service = Submissions.class)
public final class Submissions {
  /** The waiting reason of an execution that nobody has looked at yet. */
  static final String NEW = "It is new: its image and its data store have not been checked yet";

  private static final int COMMITS_SEARCHED = 5_000;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Queue queue;
  private final Clock clock;
  private final Uuid7 ids;
  private final ConfigReader configs = new ConfigReader();
  private final RunSpecs specs;
  private final RepeatedRequests repeated;
  private final long most;

  @Activate
  public Submissions(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference InstallationKey key,
      @Reference Queue queue,
      @Reference Settings settings,
      @Reference Images images,
      @Reference Clock clock) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.queue = queue;
    this.clock = clock;
    this.ids = new Uuid7(clock);
    this.specs =
        new RunSpecs(
            key, ids, settings.inputRanges(), new ImageHosts(images, settings.imageAllow()));
    this.repeated = new RepeatedRequests(key, clock);
    this.most = settings.projectExecutions();
  }

  /**
   * Makes the execution, in state {@code created} with a reason why it waits.
   *
   * @throws NotFound if the actor may not see the project
   * @throws Denied if they may not run in it
   * @throws Invalid with every field that is wrong
   */
  public ExecutionView submit(Actor actor, Submission asked) {
    User user = access.requirePerson(actor);
    ExecutionId id = new ExecutionId(ids.next());
    return hinted(database.transact(session -> submit(session, actor, user, asked, id)));
  }

  /** So that nobody waits for the loop's next look. */
  private ExecutionView hinted(ExecutionView made) {
    queue.offer(made.execution().environment(), made.execution().id());
    return made;
  }

  /**
   * Like {@link #submit(Actor, Submission)}, but a request that the same user sent within the last
   * day under the same key makes nothing: the execution of the first one is answered.
   *
   * @throws Conflict if the key was used for another request
   */
  public ExecutionView submit(Actor actor, Submission asked, IdempotencyKey key) {
    User user = access.requirePerson(actor);
    ExecutionId id = new ExecutionId(ids.next());
    return hinted(
        database.transact(
            session -> {
              Optional<ExecutionId> earlier =
                  repeated
                      .take(session, user.id(), key, "execution", id.toString())
                      .map(ExecutionId::parse);
              if (earlier.isEmpty()) {
                return submit(session, actor, user, asked, id);
              }
              Execution made =
                  session
                      .executions()
                      .find(access.scopeOf(session, actor), earlier.get())
                      .orElseThrow(() -> new NotFound("Execution"));
              return new ExecutionViews(session, clock).summary(made);
            }));
  }

  private ExecutionView submit(
      Session session, Actor actor, User user, Submission asked, ExecutionId id) {
    Scope scope = access.scopeOf(session, actor);
    Project project =
        session
            .projects()
            .find(scope, asked.project())
            .orElseThrow(
                () ->
                    Invalid.field(
                        "project", "There is no project of that id for you", "does_not_exist"));
    access.requireWrite(session, actor, project);
    Commit commit = commit(session, scope, project, asked.commit());
    Step step = step(commit, asked.step());

    Problems problems = new Problems();
    checkTexts(asked, problems);
    Optional<Environment> environment =
        new EnvironmentChoice(session, scope, project).choose(asked, step, problems);
    Optional<ExecutionSpec> spec =
        specs.build(
            new RunSpecs.Place(session, scope, user, project, commit, step, environment, id),
            asked,
            problems);
    problems.throwIfAny();
    Execution execution =
        execution(session, project, user, asked, environment.orElseThrow(), id, spec.orElseThrow());
    audit.record(
        session,
        actor,
        "execution.create",
        "execution:" + id,
        Map.of(),
        Map.of(
            "project",
            project.id().toString(),
            "counter",
            execution.counter(),
            "commit",
            commit.identifier(),
            "step",
            step.name(),
            "environment",
            environment.orElseThrow().slug(),
            "title",
            execution.title()));
    return new ExecutionViews(session, clock).summary(execution);
  }

  private Execution execution(
      Session session,
      Project project,
      User user,
      Submission asked,
      Environment environment,
      ExecutionId id,
      ExecutionSpec spec) {
    Instant now = clock.instant();
    // Last of all, because it holds the project's row until the end of the transaction.
    int counter = session.projects().nextExecutionCounter(project.id());
    if (counter > most) {
      Ceiling.check(
          session.executions().summary(project.id()).values().stream()
              .mapToLong(Long::longValue)
              .sum(),
          most,
          "The project",
          "executions");
    }
    Execution execution =
        new Execution(
            id,
            project.id(),
            counter,
            asked.title().orElse(spec.step()),
            asked.tags().stream().map(String::strip).distinct().toList(),
            user.id(),
            environment.id(),
            asked.priority(),
            spec,
            ExecutionStatus.CREATED,
            Optional.empty(),
            "",
            Optional.of(NEW),
            Optional.empty(),
            Optional.empty(),
            StopOrder.NONE,
            Optional.empty(),
            now,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            now,
            Optional.empty(),
            1);
    session
        .executions()
        .insert(execution, new Fact(id, 1, "Submitted", now, "{}", Optional.empty()));
    return execution;
  }

  private static Commit commit(Session session, Scope scope, Project project, String name) {
    Optional<Commit> exact = session.commits().byIdentifier(scope, project.id(), name);
    if (exact.isPresent()) {
      return exact.get();
    }
    return session
        .commits()
        .list(scope, Optional.of(project.id()), Optional.of(false), Slice.first(COMMITS_SEARCHED))
        .items()
        .stream()
        .filter(c -> c.refs().contains(name))
        .findFirst()
        .flatMap(c -> session.commits().find(scope, c.id()))
        .orElseThrow(
            () ->
                Invalid.field(
                    "commit",
                    "The project has no commit or branch \""
                        + brief(name)
                        + "\"; push and fetch it, or upload the code with --adhoc",
                    "does_not_exist"));
  }

  private Step step(Commit commit, String name) {
    String text =
        commit
            .config()
            .orElseThrow(
                () ->
                    Invalid.field(
                        "commit",
                        "The commit has no " + commit.yamlPath() + "; add it and commit again",
                        "no_config"));
    ConfigReading reading = configs.read(text);
    YamlConfig config =
        reading
            .config()
            .orElseThrow(
                () ->
                    Invalid.field(
                        "commit",
                        "The commit's "
                            + commit.yamlPath()
                            + " has errors: "
                            + reading.errors().get(0).describe(),
                        "invalid_config"));
    return config
        .step(name)
        .orElseThrow(
            () ->
                Invalid.field(
                    "step",
                    "The commit has no step \""
                        + brief(name)
                        + "\"; it has "
                        + config.steps().stream()
                            .map(s -> "\"" + s.name() + "\"")
                            .limit(20)
                            .collect(Collectors.joining(", ")),
                    "does_not_exist"));
  }

  private static void checkTexts(Submission asked, Problems problems) {
    asked
        .title()
        .ifPresent(
            title -> {
              problems.upTo("title", title, 255);
              problems.check(plain(title), "title", "No control characters are allowed", "invalid");
            });
    problems.check(asked.tags().size() <= 100, "tags", "At most 100 tags are allowed", "max_items");
    for (String tag : asked.tags()) {
      checkTag(tag, problems);
    }
    problems.check(
        asked.timeLimitSeconds().orElse(0) >= 0,
        "time_limit",
        "Give whole seconds, or 0 for none",
        "min_value");
    problems.check(
        asked.runtimeConfigPreset().isEmpty(),
        "runtime_config_preset",
        "Presets are not supported; leave it out",
        "not_supported");
  }

  static void checkTag(String tag, Problems problems) {
    problems.text("tags", tag, 100);
  }

  static boolean plain(String text) {
    return text.codePoints().noneMatch(Character::isISOControl);
  }

  static String brief(String text) {
    String clean = text.replaceAll("\\p{Cntrl}", "?");
    return clean.length() > 100 ? clean.substring(0, 100) + "…" : clean;
  }

  static List<String> names(List<Environment> environments) {
    return environments.stream().map(Environment::slug).limit(20).toList();
  }
}
