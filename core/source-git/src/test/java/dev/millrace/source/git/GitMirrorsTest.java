package dev.millrace.source.git;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.source.FetchedCommit;
import dev.millrace.engine.source.SourceException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GitMirrorsTest {
  @TempDir Path folder;
  private final ProjectId project =
      new ProjectId(UUID.fromString("0198f3a0-7c11-7a52-9c3e-5d1f0e6b7a01"));
  private Path origin = Path.of("/");
  private GitMirrors mirrors = new GitMirrors(Path.of("/"), List.of());

  @BeforeEach
  void makeRepository() throws Exception {
    origin = Files.createDirectories(folder.resolve("allowed/demo"));
    mirrors =
        new GitMirrors(folder.resolve("mirrors"), List.of(folder.resolve("allowed").toString()));
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
    GitMirrors second = new GitMirrors(elsewhere, List.of(folder.resolve("allowed").toString()));
    second.fetch(new Repository(1, project, origin.toString(), List.of(), 1), 10);
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
  void addressesThatAreNotAllowedAreRefused() throws Exception {
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Files.createSymbolicLink(folder.resolve("allowed/link"), outside);
    for (String url :
        List.of(
            outside.toString(),
            folder.resolve("allowed/link").toString(),
            folder.resolve("allowed/../outside").toString(),
            "file://" + outside,
            "https://example.org/x.git",
            "ext::sh -c id",
            "--upload-pack=id",
            "git@example.org:x.git",
            "relative/path",
            "/with\nnewline")) {
      SourceException refused =
          assertThrows(
              SourceException.class,
              () -> mirrors.fetch(new Repository(1, project, url, List.of(), 1), 10),
              url);
      assertEquals(SourceException.Code.REFUSED, refused.code(), url);
    }
  }

  private List<FetchedCommit> fetch(List<String> refs) throws SourceException {
    return mirrors.fetch(new Repository(1, project, origin.toString(), refs, 1), 100);
  }

  private byte[] archive(String sha) throws SourceException, IOException {
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    mirrors.archive(project, sha, tar);
    return tar.toByteArray();
  }

  private String git(String... arguments) throws Exception {
    java.util.List<String> command = new java.util.ArrayList<>(List.of("git"));
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
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
