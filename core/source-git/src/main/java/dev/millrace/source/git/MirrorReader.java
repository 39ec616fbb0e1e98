package dev.millrace.source.git;

import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.jgit.errors.MissingObjectException;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.ObjectLoader;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
import org.eclipse.jgit.revwalk.RevSort;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.treewalk.TreeWalk;

/** Reads what a mirror holds. */
final class MirrorReader {
  static final List<String> PREFIXES = List.of("refs/heads/", "refs/tags/");
  private static final int MOST_LINKS = 10;
  private static final int MAX_ATTRIBUTES = 1 << 20;
  private static final int MOST_NAMED = 3;

  private final Repository mirror;

  MirrorReader(Repository mirror) {
    this.mirror = mirror;
  }

  RevCommit commit(RevWalk walk, String identifier) throws IOException, SourceException {
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

  /** The commits that the wanted refs (or all) reach, newest first. */
  List<FetchedCommit> commits(List<String> wanted, int limit) throws IOException {
    Map<ObjectId, List<String>> tips = new LinkedHashMap<>();
    List<FetchedCommit> found = new ArrayList<>();
    try (RevWalk walk = new RevWalk(mirror)) {
      for (Map.Entry<String, Ref> named : refs().entrySet()) {
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

  private Map<String, Ref> refs() throws IOException {
    Map<String, Ref> refs = new TreeMap<>();
    for (String prefix : PREFIXES) {
      for (Ref ref : mirror.getRefDatabase().getRefsByPrefix(prefix)) {
        refs.putIfAbsent(ref.getName().substring(prefix.length()), ref);
      }
    }
    return refs;
  }

  /** The text of a file; a link at its end is followed while it stays in the commit. */
  Optional<String> file(String identifier, String path, int maxBytes)
      throws IOException, SourceException {
    String at = path;
    try (RevWalk walk = new RevWalk(mirror)) {
      RevCommit commit = commit(walk, identifier);
      for (int followed = 0; followed < MOST_LINKS; followed++) {
        try (TreeWalk tree = TreeWalk.forPath(mirror, at, commit.getTree())) {
          if (tree == null || tree.isSubtree() || tree.getFileMode(0) == FileMode.GITLINK) {
            return Optional.empty();
          }
          String text = text(at, identifier, mirror.open(tree.getObjectId(0)), maxBytes);
          if (tree.getFileMode(0) != FileMode.SYMLINK) {
            return Optional.of(text);
          }
          at = target(path, at, text);
        }
      }
    }
    throw leaves(path);
  }

  private static String target(String path, String link, String text) throws SourceException {
    Path parent = Path.of(link).getParent();
    Path target = (parent == null ? Path.of(text) : parent.resolve(text)).normalize();
    if (target.isAbsolute() || target.startsWith("..") || target.toString().isEmpty()) {
      throw leaves(path);
    }
    return target.toString();
  }

  private static SourceException leaves(String path) {
    return new SourceException(
        Code.UNREADABLE,
        path + " is a link that leaves the commit or goes in circles; put the file there itself");
  }

  private static String text(String path, String identifier, ObjectLoader blob, int maxBytes)
      throws IOException, SourceException {
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
    return new String(blob.getBytes(maxBytes), StandardCharsets.UTF_8);
  }

  /** What a run of the commit will miss. */
  List<String> notices(String identifier) throws IOException, SourceException {
    List<String> submodules = new ArrayList<>();
    boolean lfs = false;
    try (RevWalk walk = new RevWalk(mirror);
        TreeWalk tree = new TreeWalk(mirror)) {
      tree.addTree(commit(walk, identifier).getTree());
      tree.setRecursive(true);
      while (tree.next()) {
        if (tree.getFileMode(0) == FileMode.GITLINK) {
          submodules.add(tree.getPathString());
        } else if (!lfs && tree.getNameString().equals(".gitattributes")) {
          ObjectLoader blob = mirror.open(tree.getObjectId(0));
          lfs =
              blob.getSize() <= MAX_ATTRIBUTES
                  && new String(blob.getBytes(MAX_ATTRIBUTES), StandardCharsets.UTF_8)
                      .contains("filter=lfs");
        }
      }
    }
    List<String> notices = new ArrayList<>();
    String shown = "Commit " + identifier.substring(0, 10);
    if (!submodules.isEmpty()) {
      notices.add(
          shown
              + " has submodules ("
              + named(submodules)
              + "): they are not fetched, and their folders are empty in a run. Put their files"
              + " into the repository, or run ad-hoc code, which takes them along");
    }
    if (lfs) {
      notices.add(
          shown
              + " keeps files in Git LFS: they are not fetched, and a run finds their pointers"
              + " instead. Bring large files as inputs");
    }
    return notices;
  }

  private static String named(List<String> paths) {
    String some =
        String.join(", ", paths.subList(0, Math.min(MOST_NAMED, paths.size())))
            .replaceAll("\\p{Cntrl}", "?");
    String cut = some.length() > 200 ? some.substring(0, 200) + "…" : some;
    return paths.size() > MOST_NAMED ? cut + " and " + (paths.size() - MOST_NAMED) + " more" : cut;
  }
}
