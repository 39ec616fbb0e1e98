package dev.millrace.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.Secret;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.WorkerBoot;
import dev.millrace.spi.compute.WorkerRelease;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.storage.BlobKey;
import dev.millrace.spi.storage.ByteRange;
import dev.millrace.spi.storage.SignedRequest;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ValuesTest {
  @Test
  void aKeyThatCouldLeaveItsStoreIsNoKey() {
    for (String bad :
        List.of(
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/./b",
            "a/..",
            "a\0b",
            "a\nb",
            "\u0085",
            "\ud800",
            "a".repeat(256),
            "a/".repeat(512) + "a")) {
      assertThrows(IllegalArgumentException.class, () -> new BlobKey(bad), bad);
    }
    for (String good :
        List.of("a", "a/b", "...", "..a", "a..", "ä/€/𝄞", " ", "a\\b", "~", "%2e")) {
      assertEquals(good, new BlobKey(good).value());
    }
    String longest = ("a".repeat(204) + "/").repeat(5).substring(0, 1024);
    assertEquals(1024, new BlobKey(longest).value().length());
  }

  @Test
  void keysAreOrderedByTheirUtf8Bytes() {
    List<String> sorted =
        Stream.of("b", "a/b", "a-b", "a", "\uff5e", "\ud834\udd1e", "ä")
            .map(BlobKey::new)
            .sorted()
            .map(BlobKey::value)
            .toList();
    assertEquals(List.of("a", "a-b", "a/b", "b", "ä", "\uff5e", "\ud834\udd1e"), sorted);
  }

  @Test
  void anImageNameIsReadAsUsersWriteIt() {
    String hex = "0".repeat(64);
    Map<String, String> names =
        Map.of(
            "busybox",
            "docker.io/library/busybox:latest",
            "busybox:1.36",
            "docker.io/library/busybox:1.36",
            "org/name",
            "docker.io/org/name:latest",
            "index.docker.io/library/a",
            "docker.io/library/a:latest",
            "localhost/a",
            "localhost/a:latest",
            "localhost:5000/a/b:t",
            "localhost:5000/a/b:t",
            "ghcr.io/a/b@sha256:" + hex,
            "ghcr.io/a/b@sha256:" + hex,
            "[::1]:5000/a:1@sha256:" + hex,
            "[::1]:5000/a:1@sha256:" + hex);
    names.forEach(
        (written, full) -> {
          assertEquals(full, ImageRef.parse(written).toString());
          assertEquals(ImageRef.parse(written), ImageRef.parse(full));
        });
    for (String bad :
        List.of("", "A", "a:", "a@sha256:12", "a b", "-x", "a/", "http://a/b", "a:b:c", "h.x/")) {
      assertThrows(IllegalArgumentException.class, () -> ImageRef.parse(bad), bad);
    }
    ImageDigest digest = ImageDigest.parse("sha256:" + hex);
    assertEquals(Optional.of(digest), ImageRef.parse("a").pinned(digest).digest());
  }

  @Test
  void aSecretIsNotPrinted() {
    WorkerBoot boot =
        new WorkerBoot(
            URI.create("http://127.0.0.1:8000"),
            Secret.of("canary"),
            new WorkerRelease("1", URI.create("http://h/x?sig=canary"), "0".repeat(64)),
            1);
    assertFalse(boot.toString().contains("canary"), boot.toString());
    SignedRequest request =
        new SignedRequest(
            "PUT",
            URI.create("https://h/p?sig=canary"),
            Map.of("Authorization", "canary"),
            Instant.EPOCH);
    assertFalse(request.toString().contains("canary"), request.toString());
  }

  @Test
  void eachKindOfFailureSaysWhatToDoAndWhoseMoveItIs() {
    assertEquals(PluginException.Retry.LATER, PluginException.Kind.THROTTLED.retry());
    assertEquals(PluginException.Retry.ELSEWHERE, PluginException.Kind.EXHAUSTED.retry());
    assertEquals(PluginException.Culprit.OPERATOR, PluginException.Kind.DENIED.culprit());
    assertTrue(new PluginException(PluginException.Kind.INVALID, "x").retryAfter().isEmpty());
  }

  @Test
  void valuesThatMakeNoSenseAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ByteRange.of(-1, 1));
    assertThrows(IllegalArgumentException.class, () -> ByteRange.of(0, 0));
    assertThrows(IllegalArgumentException.class, () -> new InstallationId("A_b"));
    assertThrows(IllegalArgumentException.class, () -> new InstallationId("-a"));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Node(
                new NodeId("1"),
                "k",
                "g",
                Node.State.FAILED,
                Optional.empty(),
                List.of(),
                Instant.EPOCH,
                Optional.empty()));
  }
}
