package dev.millrace.source.git;

import dev.millrace.engine.domain.ArchiveLimits;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.treewalk.TreeWalk;

/** Packs one commit so that the same commit always gives the same bytes. */
final class CommitArchive {
  private static final int MAX_LINK = 4_096;

  private final Repository mirror;
  private final ArchiveLimits limits;

  CommitArchive(Repository mirror, ArchiveLimits limits) {
    this.mirror = mirror;
    this.limits = limits;
  }

  void write(RevCommit commit, OutputStream out) throws SourceException, IOException {
    long bytes = 0;
    int files = 0;
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8");
        TreeWalk tree = new TreeWalk(mirror)) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      tree.addTree(commit.getTree());
      tree.setRecursive(true);
      while (tree.next()) {
        FileMode mode = tree.getFileMode(0);
        if (mode == FileMode.GITLINK) {
          continue; // a submodule's files are not part of this repository
        }
        ObjectLoader blob = mirror.open(tree.getObjectId(0));
        files++;
        bytes += blob.getSize();
        if (files > limits.entries() || bytes > limits.bytes()) {
          throw new SourceException(
              Code.UNREADABLE,
              "commit "
                  + commit.name()
                  + " is over the limit of "
                  + limits.entries()
                  + " files or "
                  + Sizes.words(limits.bytes())
                  + "; take files out of the repository and use inputs instead");
        }
        TarArchiveEntry entry = entry(tree.getPathString(), mode, blob);
        entry.setModTime(commit.getCommitTime() * 1000L);
        tar.putArchiveEntry(entry);
        if (mode != FileMode.SYMLINK) {
          blob.copyTo(tar);
        }
        tar.closeArchiveEntry();
      }
      tar.finish();
    }
  }

  private static TarArchiveEntry entry(String path, FileMode mode, ObjectLoader blob)
      throws IOException, SourceException {
    TarArchiveEntry entry;
    if (mode == FileMode.SYMLINK) {
      if (blob.getSize() > MAX_LINK) {
        throw new SourceException(
            Code.UNREADABLE, "a link in the commit leads to a path of more than 4096 bytes");
      }
      entry = new TarArchiveEntry(path, TarConstants.LF_SYMLINK);
      entry.setLinkName(new String(blob.getBytes(MAX_LINK), StandardCharsets.UTF_8));
      entry.setMode(0777);
    } else {
      // The name stays as it is in the commit; what must not be unpacked is refused by name.
      entry = new TarArchiveEntry(path, true);
      entry.setSize(blob.getSize());
      entry.setMode(mode == FileMode.EXECUTABLE_FILE ? 0755 : 0644);
    }
    entry.setIds(0, 0);
    entry.setNames("", "");
    return entry;
  }
}
