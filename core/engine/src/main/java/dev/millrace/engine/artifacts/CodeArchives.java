package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.ArchiveLimits;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Scope;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Makes sure that the code of a commit is in a data store, once per commit. The address of an
 * archive is its project and the SHA-256 of its tar, so that it can go with its project.
 */
@Component(service = CodeArchives.class)
public final class CodeArchives {
  private final Database database;
  private final CodeSource source;
  private final Blobs blobs;
  private final Path folder;
  private final ArchiveLimits limits;

  /** Two executions of one new commit pack it once; other masters would make the same bytes. */
  private final Map<CommitId, Turn> turns = new HashMap<>();

  /** Whoever packs a commit holds it; it is kept while somebody wants it. */
  private static final class Turn {
    private int wanted;
  }

  @Activate
  public CodeArchives(
      @Reference Database database,
      @Reference CodeSource source,
      @Reference Blobs blobs,
      @Reference Settings settings) {
    this.database = database;
    this.source = source;
    this.blobs = blobs;
    this.folder = settings.data().resolve("uploads");
    this.limits = settings.codeLimits();
  }

  /**
   * The commit's archive in {@code store}, made now if there is none yet.
   *
   * @throws SourceException if the commit cannot be packed
   * @throws StoreUnavailable if the store cannot take it now
   */
  public CodeArchive ensure(CommitId id, DataStore store) throws SourceException {
    Turn turn;
    synchronized (turns) {
      turn = turns.computeIfAbsent(id, commit -> new Turn());
      turn.wanted++;
    }
    try {
      synchronized (turn) {
        return ensureAlone(id, store);
      }
    } finally {
      synchronized (turns) {
        if (--turn.wanted == 0) {
          turns.remove(id);
        }
      }
    }
  }

  private CodeArchive ensureAlone(CommitId id, DataStore store) throws SourceException {
    Commit commit = commit(id);
    if (commit.archive().isPresent()) {
      return commit.archive().get();
    }
    try {
      Files.createDirectories(folder);
      Path file = Files.createTempFile(folder, "archive-", ".tar");
      try {
        CodeArchive archive = pack(commit, store, file);
        database.transact(
            session -> {
              Commit now = session.commits().find(new Scope.Everything(), id).orElse(commit);
              session.commits().update(archived(now, archive));
              return true;
            });
        return archive;
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a code archive could not be written below " + folder, e);
    }
  }

  private CodeArchive pack(Commit commit, DataStore store, Path file)
      throws SourceException, IOException {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    try (OutputStream out = new DigestOutputStream(Files.newOutputStream(file), sha256)) {
      source.archive(commit.project(), commit.identifier(), out);
    }
    try {
      CodePackage.check(file, limits);
    } catch (CodePackage.Refused e) {
      throw new SourceException(
          SourceException.Code.UNREADABLE,
          "commit " + commit.identifier() + " cannot be run: " + e.getMessage(),
          e);
    }
    String hash = HexFormat.of().formatHex(sha256.digest());
    String key = CodeArchive.key(commit.project(), hash);
    blobs.ensure(store, key, file);
    return new CodeArchive(store.id(), key, hash, Files.size(file), CodeArchive.Format.TAR);
  }

  private Commit commit(CommitId id) throws SourceException {
    return database
        .read(session -> session.commits().find(new Scope.Everything(), id))
        .orElseThrow(
            () -> new SourceException(SourceException.Code.NOT_FOUND, "the commit was deleted"));
  }

  private static Commit archived(Commit commit, CodeArchive archive) {
    return new Commit(
        commit.id(),
        commit.project(),
        commit.identifier(),
        commit.adhoc(),
        commit.refs(),
        commit.description(),
        commit.commitTime(),
        commit.createdAt(),
        commit.yamlPath(),
        commit.config(),
        Optional.of(archive));
  }
}
