package dev.millrace.engine.service;

import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.NewKey;
import dev.millrace.engine.source.SourceAddress;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceLogin;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A source without commits, which knows what it was told to forget. */
public class NoSource implements CodeSource {
  public final List<ProjectId> forgotten = new ArrayList<>();

  @Override
  public SourceAddress check(String url) {
    return new SourceAddress(SourceAddress.Kind.FOLDER, "file:");
  }

  @Override
  public void checkHostKeys(String hostKeys) {}

  @Override
  public NewKey newKey(String comment) {
    return new NewKey("ssh-ed25519 AAAA " + comment, Secret.of("private"));
  }

  @Override
  public List<FetchedCommit> fetch(Repository repository, SourceLogin login, int limit) {
    return List.of();
  }

  @Override
  public List<String> notices(ProjectId project, String identifier) {
    return List.of();
  }

  @Override
  public Optional<String> file(ProjectId project, String commit, String path, int maxBytes) {
    return Optional.empty();
  }

  @Override
  public void forget(ProjectId project) {
    forgotten.add(project);
  }

  @Override
  public void archive(ProjectId project, String commit, OutputStream tar)
      throws SourceException, IOException {
    throw new SourceException(SourceException.Code.NOT_FOUND, "no commit " + commit);
  }
}
