package dev.millrace.engine.service;

import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.NewKey;
import dev.millrace.engine.source.SourceAddress;
import dev.millrace.engine.source.SourceLogin;
import java.io.OutputStream;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** Knows https:// addresses; nothing is fetched. */
final class HttpsAddresses implements CodeSource {
  @Override
  public SourceAddress check(String url) {
    URI uri = URI.create(url);
    return new SourceAddress(SourceAddress.Kind.HTTPS, uri.getScheme() + "://" + uri.getHost());
  }

  @Override
  public void checkHostKeys(String hostKeys) {
    throw new UnsupportedOperationException();
  }

  @Override
  public NewKey newKey(String comment) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<FetchedCommit> fetch(Repository repository, SourceLogin login, int limit) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<String> notices(ProjectId project, String identifier) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<String> file(ProjectId project, String identifier, String path, int maxBytes) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void forget(ProjectId project) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void archive(ProjectId project, String identifier, OutputStream tar) {
    throw new UnsupportedOperationException();
  }
}
