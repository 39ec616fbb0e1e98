package dev.millrace.source.git;

import dev.millrace.engine.domain.ArchiveLimits;
import dev.millrace.engine.settings.Settings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the operator says about Git.
 *
 * @param bytes of one project's mirror
 * @param objectBytes of one file in it
 * @param time that one fetch may take
 */
record GitSettings(
    Path folder,
    List<String> allow,
    Set<Integer> masterPorts,
    Path knownHosts,
    Optional<Path> caFile,
    long bytes,
    long objectBytes,
    Duration time,
    ArchiveLimits archive) {

  static GitSettings of(Settings settings) {
    Set<Integer> ports = new HashSet<>();
    ports.add(settings.httpPort());
    URI worker = URI.create(settings.workerUrl());
    ports.add(
        worker.getPort() > 0 ? worker.getPort() : "https".equals(worker.getScheme()) ? 443 : 80);
    return new GitSettings(
        settings.data().resolve("git"),
        settings.gitAllow(),
        ports,
        settings.gitKnownHosts(),
        settings.gitCaFile(),
        settings.gitBytes(),
        settings.gitObjectBytes(),
        settings.gitFetch(),
        settings.codeLimits());
  }

  /** Folders only, with the defaults of everything else. */
  static GitSettings folders(Path folder, List<String> allow) {
    return new GitSettings(
        folder,
        allow,
        Set.of(),
        folder.resolve("known_hosts"),
        Optional.empty(),
        4L << 30,
        100L << 20,
        Duration.ofMinutes(10),
        ArchiveLimits.DEFAULT);
  }
}
