package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.Mount;
import dev.millrace.engine.yaml.ConfigReader;
import dev.millrace.engine.yaml.Step;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Which mounts a group allows, as text. */
class MountsTest {
  private static Environment group(String... allowed) {
    return new Environment(
        new EnvironmentId(UUID.randomUUID()),
        "hall",
        "Hall",
        Optional.empty(),
        "",
        true,
        Optional.empty(),
        "",
        1,
        0,
        1,
        15,
        Environment.Runtime.AUTO,
        Optional.empty(),
        List.of(allowed),
        Instant.EPOCH,
        Instant.EPOCH,
        1);
  }

  private static Step step(String... mounts) {
    StringBuilder yaml =
        new StringBuilder("- step:\n    name: s\n    image: i\n    command: c\n    mounts:\n");
    for (String mount : mounts) {
      yaml.append("      - ").append(mount).append('\n');
    }
    return new ConfigReader().read(yaml.toString()).config().orElseThrow().step("s").orElseThrow();
  }

  private static String problem(Environment group, String... mounts) {
    Problems problems = new Problems();
    Mounts.of(step(mounts), group, problems);
    return String.valueOf(assertThrows(Invalid.class, problems::throwIfAny, mounts[0]).fields());
  }

  @Test
  void whatIsBelowAnAllowedFolderIsMounted() {
    Problems problems = new Problems();
    List<Mount> mounts =
        Mounts.of(
            step(
                "/srv/data:/mnt/data",
                "{source: /srv/data/deep/, destination: /mnt/deep, readonly: true}",
                "{source: '/mnt/a b', destination: /b, type: bind}"),
            group("/srv/data", "/mnt/a b"),
            problems);
    problems.throwIfAny();
    assertEquals(
        List.of(
            new Mount("/srv/data", "/mnt/data", false),
            new Mount("/srv/data/deep", "/mnt/deep", true),
            new Mount("/mnt/a b", "/b", false)),
        mounts);
  }

  @Test
  void anythingElseIsRefusedWithTheRemedy() {
    assertTrue(problem(group(), "/srv/data:/mnt/data").contains("allows no mounts"));
    Environment hall = group("/srv/data");
    for (String source :
        List.of("/srv", "/srv/database", "/", "/etc", "/proc/1/root", "/var/run/docker.sock")) {
      String said = problem(hall, "{source: " + source + ", destination: /mnt/data}");
      assertTrue(said.contains("mounts.0.source") && said.contains("/srv/data"), said);
    }
    for (String source : List.of("/srv/data/../x", "/srv//data", "/srv/data/./x")) {
      assertTrue(problem(hall, source + ":/mnt/x").contains("absolute path"), source);
    }
    for (String place :
        List.of("/proc/x", "/valohai/inputs/x", "/usr/bin", "/etc", "/tmp/x", "/.millrace")) {
      assertTrue(problem(hall, "/srv/data:" + place).contains("mounts.0.destination"), place);
    }
    assertTrue(problem(hall, "/srv/data:/a", "/srv/data:/a/b").contains("mounts.1.destination"));
    String share = problem(hall, "{source: 'nas:/x', destination: /x, type: nfs}");
    assertTrue(share.contains("mounts.0.type") && share.contains("mount the share"), share);
    String options =
        problem(hall, "{source: /srv/data, destination: /x, options: {o: 'suid,dev'}}");
    assertTrue(options.contains("mounts.0.options"), options);
  }

  @Test
  void aGroupLendsNoPartOfTheSystemNorOfTheInstallation() {
    for (String folder :
        List.of(
            "/",
            "/etc",
            "/proc/self",
            "/run",
            "/var",
            "/usr/share",
            "relative",
            "/a/../b",
            "/a/",
            "/a\nb",
            "",
            "/data",
            "/data/millrace",
            "/data/millrace/keys")) {
      Problems problems = new Problems();
      Mounts.checkAllowed(List.of(folder), "/data/millrace", problems);
      assertTrue(problems.any(), folder);
    }
    Problems none = new Problems();
    Mounts.checkAllowed(List.of("/srv", "/data/sets", "/home/ada"), "/data/millrace", none);
    none.throwIfAny();
  }
}
