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
   * What an address is. One that may never be fetched from is refused before it is stored; a server
   * whose name cannot be resolved now is not.
   *
   * @throws SourceException REFUSED with the remedy
   */
  SourceAddress check(String url) throws SourceException;

  /**
   * Refuses text that is not a list of SSH host keys, one on a line.
   *
   * @throws SourceException REFUSED with the line that is wrong
   */
  void checkHostKeys(String hostKeys) throws SourceException;

  /** A fresh ed25519 key pair; {@code comment} ends its public line. */
  NewKey newKey(String comment) throws SourceException;

  /**
   * Brings the mirror up to date and lists the commits that the repository's refs reach (all
   * branches and tags where it names none), newest first, at most {@code limit}. No more history
   * than that is fetched.
   */
  List<FetchedCommit> fetch(Repository repository, SourceLogin login, int limit)
      throws SourceException;

  /**
   * What a run of a fetched commit will miss (submodules, Git LFS), each in one sentence for users;
   * usually nothing.
   */
  List<String> notices(ProjectId project, String identifier) throws SourceException;

  /**
   * The text of a file (UTF-8, at most {@code maxBytes}) in a fetched commit; empty if there is
   * none. A symbolic link is followed within the commit.
   */
  Optional<String> file(ProjectId project, String identifier, String path, int maxBytes)
      throws SourceException;

  /** Removes what is kept of the project's repository; again is no error. */
  void forget(ProjectId project) throws SourceException;

  /**
   * Writes a fetched commit as a tar. The same commit always gives the same bytes: entries by path,
   * times of the commit, owner 0, modes 0644 and 0755. More than an archive may hold is refused.
   */
  void archive(ProjectId project, String identifier, OutputStream tar)
      throws SourceException, IOException;
}
