package dev.millrace.source.git;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.ArchiveLimits;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.RepositoryLogin;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceLogin;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.eclipse.jgit.api.Git;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitMirrorsTest {
  @TempDir Path folder;
  private final ProjectId project =
      new ProjectId(UUID.fromString("0198f3a0-7c11-7a52-9c3e-5d1f0e6b7a01"));
  private Path origin = Path.of("/");
  private GitMirrors mirrors =
      new GitMirrors(GitSettings.folders(Path.of("/nonexistent"), List.of()));

  @BeforeEach
  void makeRepository() throws Exception {
    origin = Files.createDirectories(folder.resolve("allowed/demo"));
    mirrors = mirrors(folder.resolve("mirrors"));
    Files.writeString(origin.resolve("valohai.yaml"), "- step:\n    name: a\n");
    Files.createDirectories(origin.resolve("src"));
    Files.writeString(origin.resolve("src/run.sh"), "echo hello\n");
    assertTrue(origin.resolve("src/run.sh").toFile().setExecutable(true));
    Files.createSymbolicLink(origin.resolve("link"), Path.of("src/run.sh"));
    Files.writeString(origin.resolve("n".repeat(120) + "-ü.txt"), "long name\n");
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-q", "-m", "First\n\nbody");
  }

  @AfterEach
  void close() {
    mirrors.close();
  }

  @Test
  void fetchingListsCommitsNewestFirstWithTheirRefs() throws Exception {
    Files.writeString(origin.resolve("more"), "x");
    git("add", "-A");
    git("commit", "-q", "-m", "Second");
    git("tag", "-a", "v1", "-m", "v1");
    List<FetchedCommit> commits = fetch(List.of());
    assertEquals(List.of("Second", "First"), commits.stream().map(FetchedCommit::message).toList());
    assertEquals(List.of("main", "v1"), commits.get(0).refs());
    assertEquals(git("rev-parse", "HEAD").trim(), commits.get(0).identifier());
  }

  @Test
  void theArchiveOfACommitAlwaysHasTheSameBytes() throws Exception {
    String sha = fetch(List.of("main")).get(0).identifier();
    byte[] first = archive(sha);
    Path elsewhere = folder.resolve("other-mirrors");
    GitMirrors second = mirrors(elsewhere);
    second.fetch(repository(origin.toString(), List.of()), SourceLogin.NONE, 10);
    ByteArrayOutputStream again = new ByteArrayOutputStream();
    second.archive(project, sha, again);
    second.close();
    assertArrayEquals(first, again.toByteArray());
    // The hash is fixed here so that another JDK or another library release cannot change it
    // unseen.
    assertEquals(
        "db0a89759a9006c64d47d6b584c51ec7087dd786c064fce5057c809d5398754a",
        HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(first)));
  }

  @Test
  void theArchiveHoldsFilesModesAndLinks() throws Exception {
    byte[] tar = archive(fetch(List.of("main")).get(0).identifier());
    TreeMap<String, String> entries = new TreeMap<>();
    try (TarArchiveInputStream in =
        new TarArchiveInputStream(new ByteArrayInputStream(tar), "UTF-8")) {
      for (TarArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        entries.put(
            e.getName(),
            e.isSymbolicLink()
                ? "-> " + e.getLinkName()
                : Integer.toOctalString(e.getMode() & 0777));
      }
    }
    assertEquals("755", entries.get("src/run.sh"));
    assertEquals("644", entries.get("valohai.yaml"));
    assertEquals("-> src/run.sh", entries.get("link"));
    assertTrue(entries.containsKey("n".repeat(120) + "-ü.txt"));
  }

  @Test
  void whatWasFetchedStaysReadableWhenTheRepositoryIsGone() throws Exception {
    String sha = fetch(List.of()).get(0).identifier();
    Files.move(origin, folder.resolve("gone"));
    assertEquals(
        Optional.of("- step:\n    name: a\n"), mirrors.file(project, sha, "valohai.yaml", 1000));
    assertEquals(Optional.empty(), mirrors.file(project, sha, "none.yaml", 1000));
    assertTrue(archive(sha).length > 1024);
    assertEquals(
        SourceException.Code.NOT_FOUND,
        assertThrows(SourceException.class, () -> fetch(List.of())).code());
  }

  @Test
  void aForgottenMirrorIsGoneAndForgettingTwiceIsNoError() throws Exception {
    String sha = fetch(List.of()).get(0).identifier();
    mirrors.forget(project);
    assertEquals(
        SourceException.Code.NOT_FOUND,
        assertThrows(SourceException.class, () -> archive(sha)).code());
    mirrors.forget(project);
    assertEquals(sha, fetch(List.of()).get(0).identifier());
  }

  @Test
  void aConfigurationBehindALinkIsReadAndOneThatLeavesTheCommitIsRefused() throws Exception {
    Files.createDirectories(origin.resolve("conf"));
    Files.createSymbolicLink(origin.resolve("conf/in.yaml"), Path.of("../valohai.yaml"));
    Files.createSymbolicLink(origin.resolve("out.yaml"), Path.of("../../../etc/passwd"));
    Files.createSymbolicLink(origin.resolve("absolute.yaml"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(origin.resolve("round.yaml"), Path.of("round.yaml"));
    git("add", "-A");
    git("commit", "-q", "-m", "Links");
    String sha = fetch(List.of()).get(0).identifier();
    assertEquals(
        Optional.of("- step:\n    name: a\n"), mirrors.file(project, sha, "conf/in.yaml", 1000));
    for (String path : List.of("out.yaml", "absolute.yaml", "round.yaml")) {
      SourceException refused =
          assertThrows(SourceException.class, () -> mirrors.file(project, sha, path, 1000), path);
      assertEquals(SourceException.Code.UNREADABLE, refused.code(), path);
    }
  }

  @Test
  void aCommitThatAForcePushTookAwayIsStillThere() throws Exception {
    String first = fetch(List.of("main")).get(0).identifier();
    git("commit", "-q", "--amend", "-m", "Rewritten");
    List<FetchedCommit> after = fetch(List.of("main"));
    assertEquals(List.of("Rewritten"), after.stream().map(FetchedCommit::message).toList());
    try (Mirror mirror = Mirror.open(folder.resolve("mirrors"), project, 100 << 20)) {
      new Git(mirror)
          .gc()
          .setPreserveOldPacks(false)
          .setExpire(Date.from(Instant.now().plusSeconds(3_600)))
          .call();
    }
    assertTrue(archive(first).length > 1024);
    git("branch", "-m", "main", "other");
    assertEquals(List.of(), fetch(List.of("main")));
    assertEquals("Rewritten", fetch(List.of("other")).get(0).message());
  }

  @Test
  void onlyTheNewestCommitsAreFetchedAndLaterOnesFollow() throws Exception {
    for (int i = 0; i < 6; i++) {
      git("commit", "-q", "--allow-empty", "-m", "More " + i);
    }
    Repository repository = repository(origin.toString(), List.of("main"));
    assertEquals(3, mirrors.fetch(repository, SourceLogin.NONE, 3).size());
    String oldest = git("rev-list", "--max-parents=0", "HEAD").trim();
    assertEquals(
        SourceException.Code.NOT_FOUND,
        assertThrows(SourceException.class, () -> archive(oldest)).code());
    for (int i = 0; i < 4; i++) {
      git("commit", "-q", "--allow-empty", "-m", "Later " + i);
    }
    List<FetchedCommit> later = mirrors.fetch(repository, SourceLogin.NONE, 3);
    assertEquals(
        List.of("Later 3", "Later 2", "Later 1"),
        later.stream().map(FetchedCommit::message).toList());
    try (Mirror mirror = Mirror.open(folder.resolve("mirrors"), project, 100 << 20)) {
      new Git(mirror).gc().call();
    }
    for (FetchedCommit commit : mirrors.fetch(repository, SourceLogin.NONE, 3)) {
      assertTrue(archive(commit.identifier()).length > 1024, commit.message());
    }
  }

  @Test
  void whatACutFetchLeftIsSweptAtTheStart() throws Exception {
    fetch(List.of());
    Path objects = folder.resolve("mirrors/" + project + ".git/objects");
    Path left = Files.writeString(objects.resolve("incoming_1.pack"), "half");
    mirrors.close();
    mirrors = mirrors(folder.resolve("mirrors"));
    assertEquals(false, Files.exists(left));
    assertEquals(1, fetch(List.of()).size());
  }

  @Test
  void submodulesAndLfsAreNoticed() throws Exception {
    assertEquals(List.of(), mirrors.notices(project, fetch(List.of()).get(0).identifier()));
    git("update-index", "--add", "--cacheinfo", "160000," + "1".repeat(40) + ",libs/one");
    Files.writeString(origin.resolve("src/.gitattributes"), "*.bin filter=lfs\n");
    git("add", "src");
    git("commit", "-q", "-m", "Lacking");
    List<String> notices = mirrors.notices(project, fetch(List.of()).get(0).identifier());
    assertEquals(2, notices.size(), notices.toString());
    assertTrue(notices.get(0).contains("libs/one"), notices.toString());
    assertTrue(notices.get(1).contains("LFS"), notices.toString());
  }

  @Test
  void turnsAreGivenOneAfterAnotherAndForgotten() throws Exception {
    Turns turns = new Turns();
    Turns.Turn first = turns.take("project x", 1, Duration.ZERO);
    SourceException busy =
        assertThrows(SourceException.class, () -> turns.take("project x", 1, Duration.ZERO));
    assertEquals(SourceException.Code.UNAVAILABLE, busy.code());
    turns.take("project y", 1, Duration.ZERO).close();
    first.close();
    turns.take("project x", 1, Duration.ZERO).close();
  }

  @Test
  void addressesThatAreNotAllowedAreRefused() throws Exception {
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.createSymbolicLink(folder.resolve("allowed/link"), outside);
    for (String url :
        List.of(
            outside.toString(),
            folder.resolve("allowed/link").toString(),
            folder.resolve("allowed/../outside").toString(),
            "file://" + outside,
            "https://127.0.0.1/x.git",
            "http://192.0.2.1/x.git",
            "https://user:password@192.0.2.1/x.git",
            "ext::sh -c id",
            "--upload-pack=id",
            "git@localhost:x.git",
            "relative/path",
            "/with\nnewline")) {
      SourceException refused =
          assertThrows(
              SourceException.class,
              () -> mirrors.fetch(repository(url, List.of()), SourceLogin.NONE, 10),
              url);
      assertEquals(SourceException.Code.REFUSED, refused.code(), url);
    }
  }

  /** A master that takes less of a repository. */
  private GitMirrors narrow(long objectBytes, ArchiveLimits archive) {
    return new GitMirrors(
        new GitSettings(
            folder.resolve("narrow"),
            List.of(folder.resolve("allowed").toString()),
            Set.of(),
            folder.resolve("known_hosts"),
            Optional.empty(),
            1L << 30,
            objectBytes,
            Duration.ofMinutes(10),
            archive));
  }

  @Test
  void aFileThatIsTooLargeIsNotTaken() throws Exception {
    Files.write(origin.resolve("large"), new byte[100_000]);
    git("add", "-A");
    git("commit", "-q", "-m", "Large");
    mirrors = narrow(50_000, ArchiveLimits.DEFAULT);
    SourceException refused = assertThrows(SourceException.class, () -> fetch(List.of()));
    assertEquals(SourceException.Code.UNREADABLE, refused.code());
    assertTrue(refused.getMessage().contains("OBJECT_BYTES"), refused.getMessage());
  }

  @Test
  void aCommitOfMoreFilesOrBytesThanAnArchiveHoldsIsNotPacked() throws Exception {
    for (ArchiveLimits limits :
        List.of(new ArchiveLimits(3, 1L << 30, 0, 200), new ArchiveLimits(100, 10, 0, 200))) {
      mirrors.close();
      mirrors = narrow(1L << 20, limits);
      FetchedCommit first = fetch(List.of()).get(0);
      SourceException refused =
          assertThrows(SourceException.class, () -> archive(first.identifier()));
      assertTrue(refused.getMessage().contains("over the limit"), refused.getMessage());
    }
  }

  private List<FetchedCommit> fetch(List<String> refs) throws SourceException {
    return mirrors.fetch(repository(origin.toString(), refs), SourceLogin.NONE, 100);
  }

  private GitMirrors mirrors(Path in) {
    return new GitMirrors(GitSettings.folders(in, List.of(folder.resolve("allowed").toString())));
  }

  private Repository repository(String url, List<String> refs) {
    return new Repository(1, project, url, refs, RepositoryLogin.NONE, 1);
  }

  private byte[] archive(String sha) throws SourceException, IOException {
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    mirrors.archive(project, sha, tar);
    return tar.toByteArray();
  }

  private String git(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(origin.toFile()).redirectErrorStream(true);
    builder.environment().put("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z");
    builder.environment().put("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z");
    builder.environment().put("GIT_AUTHOR_NAME", "Ada");
    builder.environment().put("GIT_AUTHOR_EMAIL", "ada@example.org");
    builder.environment().put("GIT_COMMITTER_NAME", "Ada");
    builder.environment().put("GIT_COMMITTER_EMAIL", "ada@example.org");
    builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
