package dev.millrace.source.git;

import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevSort;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.RefSpec;
import org.eclipse.jgit.transport.TagOpt;
import org.eclipse.jgit.treewalk.TreeWalk;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * One bare mirror a project under {@code <data>/git/}. JGit leaves thread locals behind, so it is
 * called only on threads that this component owns and ends.
 */
@Component(service = CodeSource.class, immediate = true)
public final class GitMirrors implements CodeSource {
  private static final Duration FETCH_LIMIT = Duration.ofMinutes(10);
  private static final Duration READ_LIMIT = Duration.ofMinutes(10);

  private final Path folder;
  private final AllowedSources allowed;
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          4,
          task -> {
            Thread thread = new Thread(task, "git");
            thread.setDaemon(true);
            return thread;
          });

  @Activate
  public GitMirrors(@Reference Settings settings) {
    this(settings.data().resolve("git"), settings.gitAllow());
  }

  GitMirrors(Path folder, List<String> allow) {
    this.folder = folder;
    this.allowed = new AllowedSources(allow);
  }

  @Deactivate
  void close() {
    threads.shutdownNow();
  }

  @Override
  public void check(String url) throws SourceException {
    allowed.check(url);
  }

  @Override
  public List<FetchedCommit> fetch(Repository repository, int limit) throws SourceException {
    Path source = allowed.resolve(repository.url());
    return call(
        FETCH_LIMIT,
        () -> {
          try (FileRepository mirror = open(repository.project())) {
            new Git(mirror)
                .fetch()
                .setRemote(source.toUri().toString())
                .setRefSpecs(
                    new RefSpec("+refs/heads/*:refs/heads/*"),
                    new RefSpec("+refs/tags/*:refs/tags/*"))
                .setRemoveDeletedRefs(true)
                .setTagOpt(TagOpt.FETCH_TAGS)
                .setTimeout((int) FETCH_LIMIT.toSeconds())
                .call();
            return commits(mirror, repository.refs(), limit);
          } catch (GitAPIException e) {
            throw new SourceException(
                Code.UNREADABLE,
                "the repository " + repository.url() + " cannot be fetched: " + e.getMessage(),
                e);
          }
        });
  }

  @Override
  public Optional<String> file(ProjectId project, String identifier, String path, int maxBytes)
      throws SourceException {
    return call(
        READ_LIMIT,
        () -> {
          try (FileRepository mirror = open(project);
              RevWalk walk = new RevWalk(mirror);
              TreeWalk tree = TreeWalk.forPath(mirror, path, commit(walk, identifier).getTree())) {
            if (tree == null || tree.isSubtree()) {
              return Optional.empty();
            }
            ObjectLoader blob = mirror.open(tree.getObjectId(0));
            if (blob.getSize() > maxBytes) {
              throw new SourceException(
                  Code.UNREADABLE,
                  path
                      + " in commit "
                      + identifier
                      + " has "
                      + blob.getSize()
                      + " bytes; at most "
                      + maxBytes
                      + " are read");
            }
            return Optional.of(new String(blob.getBytes(maxBytes), StandardCharsets.UTF_8));
          }
        });
  }

  @Override
  public void archive(ProjectId project, String identifier, OutputStream tar)
      throws SourceException, IOException {
    call(
        READ_LIMIT,
        () -> {
          try (FileRepository mirror = open(project);
              RevWalk walk = new RevWalk(mirror)) {
            CommitArchive.write(mirror, commit(walk, identifier), tar);
            return true;
          }
        });
  }

  private static RevCommit commit(RevWalk walk, String identifier)
      throws IOException, SourceException {
    try {
      return walk.parseCommit(ObjectId.fromString(identifier));
    } catch (MissingObjectException e) {
      throw new SourceException(
          Code.NOT_FOUND,
          "commit " + identifier + " is not in the mirror; fetch the project's repository",
          e);
    } catch (IllegalArgumentException e) {
      throw new SourceException(Code.NOT_FOUND, identifier + " is not a Git commit", e);
    }
  }

  private static List<FetchedCommit> commits(FileRepository mirror, List<String> wanted, int limit)
      throws IOException {
    Map<ObjectId, List<String>> tips = new LinkedHashMap<>();
    Map<String, Ref> refs = new TreeMap<>();
    for (String prefix : List.of("refs/heads/", "refs/tags/")) {
      for (Ref ref : mirror.getRefDatabase().getRefsByPrefix(prefix)) {
        refs.putIfAbsent(ref.getName().substring(prefix.length()), ref);
      }
    }
    List<FetchedCommit> found = new ArrayList<>();
    try (RevWalk walk = new RevWalk(mirror)) {
      for (Map.Entry<String, Ref> named : refs.entrySet()) {
        if (!wanted.isEmpty() && !wanted.contains(named.getKey())) {
          continue;
        }
        Ref peeled = mirror.getRefDatabase().peel(named.getValue());
        ObjectId id =
            peeled.getPeeledObjectId() != null ? peeled.getPeeledObjectId() : peeled.getObjectId();
        if (id != null && walk.parseAny(id) instanceof RevCommit tip) {
          tips.computeIfAbsent(tip.getId(), t -> new ArrayList<>()).add(named.getKey());
          walk.markStart(tip);
        }
      }
      walk.sort(RevSort.COMMIT_TIME_DESC);
      for (RevCommit commit : walk) {
        if (found.size() >= limit) {
          break;
        }
        found.add(
            new FetchedCommit(
                commit.name(),
                tips.getOrDefault(commit.getId(), List.of()),
                Instant.ofEpochSecond(commit.getCommitTime()),
                commit.getShortMessage()));
      }
    }
    return found;
  }

  private FileRepository open(ProjectId project) throws IOException {
    Path mirror = folder.resolve(project + ".git");
    FileRepository repository = new FileRepository(mirror.toFile());
    if (!Files.exists(mirror.resolve("HEAD"))) {
      Files.createDirectories(mirror);
      repository.create(true);
    }
    return repository;
  }

  private <T> T call(Duration limit, Callable<T> work) throws SourceException {
    Future<T> answer = threads.submit(work);
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
      answer.cancel(true);
      throw new SourceException(
          Code.UNAVAILABLE, "the repository did not answer within " + limit, e);
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw new SourceException(Code.UNAVAILABLE, "interrupted", e);
    }
  }
}
