package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CommitsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
  }

  @Test
  void anUploadIsNamedByTheHashOfItsBytesAndKeptInTheStore() throws Exception {
    byte[] bytes = Desk.tgz("valohai.yaml", Desk.YAML);
    String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    CommitView view = desk.upload(desk.ada, desk.adas, Desk.YAML);
    assertEquals("~" + hash, view.commit().identifier());
    CodeArchive archive = view.commit().archive().orElseThrow();
    assertEquals(hash, archive.sha256());
    assertEquals(bytes.length, desk.blobs.held.get(archive.key()).length);
    try (Stream<Path> left = Files.list(folder.resolve("uploads"))) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void theSameBytesTwiceAreOneCommit() {
    CommitView first = desk.upload(desk.ada, desk.adas, Desk.YAML);
    CommitView second = desk.upload(desk.ada, desk.adas, Desk.YAML);
    assertEquals(first.commit().id(), second.commit().id());
    assertEquals(1, desk.blobs.writes);
    assertEquals(
        1,
        desk.commits
            .list(desk.ada, Optional.of(desk.adas.id()), Optional.empty(), Slice.first(10))
            .total());
  }

  @Test
  void aBrokenConfigurationIsAFieldError() {
    Invalid refused =
        assertThrows(
            Invalid.class, () -> desk.upload(desk.ada, desk.adas, "- step:\n    name: x\n"));
    assertTrue(refused.fields().containsKey("yaml_path"), refused.text());
  }

  @Test
  void aMissingConfigurationIsAFieldError() throws Exception {
    try (CodeUpload upload = desk.commits.begin(desk.ada, desk.adas.id())) {
      try (OutputStream out = upload.open()) {
        out.write(Desk.tgz("other.yaml", Desk.YAML));
      }
      Invalid refused =
          assertThrows(
              Invalid.class,
              () -> desk.commits.finish(desk.ada, upload, "", Optional.of("valohai.yaml")));
      assertTrue(refused.text().contains("no file valohai.yaml"), refused.text());
    }
  }

  @Test
  void aPathThatLeavesTheArchiveIsRefused() throws Exception {
    try (CodeUpload upload = desk.commits.begin(desk.ada, desk.adas.id())) {
      try (OutputStream out = upload.open()) {
        out.write(Desk.tgz("valohai.yaml", Desk.YAML));
      }
      assertThrows(
          Invalid.class,
          () -> desk.commits.finish(desk.ada, upload, "", Optional.of("../valohai.yaml")));
    }
  }

  @Test
  void aStoreThatIsAwayIsSaidAndLeavesNoCommit() {
    desk.blobs.away = Optional.of("the plugin is not there");
    assertThrows(Unavailable.class, () -> desk.upload(desk.ada, desk.adas, Desk.YAML));
    assertEquals(
        0,
        desk.commits.list(desk.ada, Optional.empty(), Optional.empty(), Slice.first(10)).total());
  }

  @Test
  void anotherUsersProjectTakesNoUploadAndShowsNoCommit() {
    CommitView bobs = desk.upload(desk.bob, desk.bobs, Desk.YAML);
    assertThrows(NotFound.class, () -> desk.commits.begin(desk.ada, desk.bobs.id()));
    assertThrows(
        NotFound.class,
        () -> desk.commits.find(desk.ada, bobs.commit().identifier(), Optional.empty()));
    assertThrows(
        NotFound.class,
        () -> desk.commits.find(desk.ada, bobs.commit().id().toString(), Optional.empty()));
    assertThrows(
        NotFound.class, () -> desk.commits.ofProject(desk.ada, desk.bobs.id(), Slice.first(1)));
  }

  @Test
  void aCommitIsFoundByIdentifierAcrossProjects() {
    CommitView made = desk.upload(desk.ada, desk.adas, Desk.YAML);
    CommitView found = desk.commits.find(desk.ada, made.commit().identifier(), Optional.empty());
    assertEquals(Desk.YAML, found.commit().config().orElseThrow());
  }
}
