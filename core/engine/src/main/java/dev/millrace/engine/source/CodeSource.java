package dev.millrace.engine.source;

import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;

/**
 * Reads projects' Git repositories through a mirror of its own, so that what was fetched once stays
 * readable when the repository is gone.
 */
public interface CodeSource {
  /**
   * Refuses an address that may never be fetched from, before it is stored.
   *
   * @throws SourceException REFUSED with the remedy
   */
  void check(String url) throws SourceException;

  /**
   * Brings the mirror up to date and lists the commits that the repository's refs reach (all
   * branches and tags where it names none), newest first, at most {@code limit}.
   */
  List<FetchedCommit> fetch(Repository repository, int limit) throws SourceException;

  /**
   * The text of a file (UTF-8, at most {@code maxBytes}) in a fetched commit; empty if there is
   * none.
   */
  Optional<String> file(ProjectId project, String identifier, String path, int maxBytes)
      throws SourceException;

  /**
   * Writes a fetched commit as a tar. The same commit always gives the same bytes: entries by path,
   * times of the commit, owner 0, modes 0644 and 0755. Over 4 GiB or 100,000 files is refused.
   */
  void archive(ProjectId project, String identifier, OutputStream tar)
      throws SourceException, IOException;
}
