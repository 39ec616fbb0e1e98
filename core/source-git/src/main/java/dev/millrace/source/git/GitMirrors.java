package dev.millrace.source.git;

import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.NewKey;
import dev.millrace.engine.source.SourceAddress;
import dev.millrace.engine.source.SourceAddress.Kind;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import dev.millrace.engine.source.SourceLogin;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jgit.revwalk.RevWalk;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * One bare mirror a project under {@code <data>/git/}. JGit leaves thread locals behind, so it is
 * called only on threads that this component owns and ends. Fetches have threads of their own, some
 * of them for each server, so that one that hangs keeps nobody from code that is here already.
 */
@Component(service = CodeSource.class, immediate = true)
public final class GitMirrors implements CodeSource {
  private static final Duration READ_LIMIT = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofSeconds(10);
  private static final Duration TURN = Duration.ofSeconds(30);
  private static final int READERS = 4;
  private static final int MOST_FETCHES = 16;
  private static final int FETCHES_OF_ONE_SERVER = 4;

  private final GitSettings settings;
  private final AllowedSources allowed;
  private final AddressGuard guard;
  private final ExecutorService reads = pool("git-read", READERS, READERS);
  private final ExecutorService names = pool("git-name", 0, READERS);
  private final ExecutorService fetches = pool("git-fetch", 0, MOST_FETCHES);
  private final Turns turns = new Turns();

  @Activate
  public GitMirrors(@Reference Settings settings) {
    this(GitSettings.of(settings));
  }

  GitMirrors(GitSettings settings) {
    this.settings = settings;
    this.allowed = new AllowedSources(settings.allow());
    this.guard = new AddressGuard(allowed.ranges(), settings.masterPorts());
    OwnConfig.install();
    Mirror.sweep(settings.folder());
  }

  private static ExecutorService pool(String name, int core, int most) {
    return new ThreadPoolExecutor(
        core,
        most,
        60,
        TimeUnit.SECONDS,
        core == 0 ? new SynchronousQueue<>() : new LinkedBlockingQueue<>(),
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        });
  }

  @Deactivate
  void close() {
    reads.shutdownNow();
    names.shutdownNow();
    fetches.shutdownNow();
  }

  @Override
  public SourceAddress check(String url) throws SourceException {
    GitAddress address = GitAddress.parse(url);
    if (address instanceof GitAddress.Folder folder) {
      allowed.check(folder.path());
      return new SourceAddress(Kind.FOLDER, "file:");
    }
    GitAddress.Server server = (GitAddress.Server) address;
    try {
      call(
          names,
          SHORT,
          () -> {
            guard.check(server.host(), server.port(), server.kind() == Kind.HTTP);
            return true;
          },
          () -> {});
    } catch (SourceException e) {
      if (e.code() == Code.REFUSED) {
        throw e;
      }
      // A name that is not resolved in time is judged when it is fetched.
    }
    return new SourceAddress(server.kind(), server.origin());
  }

  @Override
  public void checkHostKeys(String hostKeys) throws SourceException {
    HostKeys.parse(hostKeys);
  }

  @Override
  public NewKey newKey(String comment) throws SourceException {
    return DeployKeys.make(comment);
  }

  @Override
  public List<FetchedCommit> fetch(Repository repository, SourceLogin login, int limit)
      throws SourceException {
    GitAddress address = GitAddress.parse(repository.url());
    String server = address instanceof GitAddress.Server s ? s.origin() : "folders";
    try (Turns.Turn project = turns.take("project " + repository.project(), 1, TURN);
        Turns.Turn host = turns.take("server " + server, FETCHES_OF_ONE_SERVER, TURN)) {
      Budget budget = new Budget(settings.bytes() - size(repository), settings.time());
      return call(
          fetches,
          settings.time().plus(TURN),
          () -> {
            try (Mirror mirror = open(repository.project())) {
              return new Fetching(settings, allowed, guard)
                  .fetch(mirror, repository, login, limit, budget);
            }
          },
          () ->
              budget.cancel(
                  new SourceException(
                      Code.UNAVAILABLE, "the fetch took too long and was given up")));
    }
  }

  private long size(Repository repository) throws SourceException {
    return call(
        reads,
        READ_LIMIT,
        () -> {
          try (Mirror mirror = open(repository.project())) {
            return mirror.bytes();
          }
        },
        () -> {});
  }

  @Override
  public Optional<String> file(ProjectId project, String identifier, String path, int maxBytes)
      throws SourceException {
    return read(project, reader -> reader.file(identifier, path, maxBytes));
  }

  @Override
  public List<String> notices(ProjectId project, String identifier) throws SourceException {
    return read(project, reader -> reader.notices(identifier));
  }

  @Override
  public void forget(ProjectId project) throws SourceException {
    try (Turns.Turn turn = turns.take("project " + project, 1, TURN)) {
      call(
          reads,
          READ_LIMIT,
          () -> {
            Mirror.remove(settings.folder(), project);
            return true;
          },
          () -> {});
    }
  }

  @Override
  public void archive(ProjectId project, String identifier, OutputStream tar)
      throws SourceException, IOException {
    call(
        reads,
        READ_LIMIT,
        () -> {
          try (Mirror mirror = open(project);
              RevWalk walk = new RevWalk(mirror)) {
            new CommitArchive(mirror, settings.archive())
                .write(new MirrorReader(mirror).commit(walk, identifier), tar);
            return true;
          }
        },
        () -> {});
  }

  /** What is asked of a mirror. */
  @FunctionalInterface
  private interface Question<T> {
    T ask(MirrorReader reader) throws IOException, SourceException;
  }

  private <T> T read(ProjectId project, Question<T> question) throws SourceException {
    return call(
        reads,
        READ_LIMIT,
        () -> {
          try (Mirror mirror = open(project)) {
            return question.ask(new MirrorReader(mirror));
          }
        },
        () -> {});
  }

  private Mirror open(ProjectId project) throws IOException {
    return Mirror.open(settings.folder(), project, settings.objectBytes());
  }

  private static <T> T call(
      ExecutorService threads, Duration limit, Callable<T> work, Runnable onGivenUp)
      throws SourceException {
    Future<T> answer;
    try {
      answer = threads.submit(work);
    } catch (RejectedExecutionException e) {
      throw new SourceException(
          Code.UNAVAILABLE, "too many fetches are under way; try again in a minute", e);
    }
    try {
      return answer.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      if (cause instanceof SourceException known) {
        throw known;
      }
      throw new SourceException(
          Code.UNREADABLE, "the repository cannot be read: " + cause.getMessage(), cause);
    } catch (TimeoutException e) {
      onGivenUp.run();
      answer.cancel(true);
      throw new SourceException(
          Code.UNAVAILABLE, "the repository did not answer within " + limit, e);
    } catch (InterruptedException e) {
      onGivenUp.run();
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new SourceException(Code.UNAVAILABLE, "interrupted", e);
    }
  }
}
