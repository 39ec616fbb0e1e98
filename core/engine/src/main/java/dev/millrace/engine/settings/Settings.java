package dev.millrace.engine.settings;

import dev.millrace.engine.domain.AddressRange;
import dev.millrace.engine.domain.ArchiveLimits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Version;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/**
 * The master's own settings. The launcher reads {@code conf/millrace.properties} and the {@code
 * MILLRACE_…} environment and hands them over as framework properties: {@code MILLRACE_HTTP_PORT}
 * is {@code millrace.http.port}.
 */
@Component(service = Settings.class)
public final class Settings {
  private final Function<String, @Nullable String> source;
  private final String release;

  @Activate
  public Settings(BundleContext context) {
    this(context::getProperty, release(context.getBundle().getVersion()));
  }

  public Settings(Function<String, @Nullable String> source) {
    this(source, "0.0.0");
  }

  private Settings(Function<String, @Nullable String> source, String release) {
    this.source = source;
    this.release = release;
  }

  private static String release(Version version) {
    return version.getMajor() + "." + version.getMinor() + "." + version.getMicro();
  }

  /** The release that runs, for example {@code 0.1.0}. */
  public String release() {
    return release;
  }

  /** The distribution's folder. */
  public Path home() {
    return Path.of(text("millrace.home").orElse(".")).toAbsolutePath().normalize();
  }

  /**
   * The folder of everything that must survive: database, logs, keys, artifacts of the default
   * store.
   */
  public Path data() {
    return text("millrace.data").map(Path::of).orElse(home().resolve("data")).toAbsolutePath();
  }

  public int httpPort() {
    return (int) number("millrace.http.port", 8000);
  }

  public String httpHost() {
    return text("millrace.http.host").orElse("127.0.0.1");
  }

  /** The certificate of an own authority (PEM), which machines that join are told to trust. */
  public Optional<Path> tlsAuthority() {
    return text("millrace.tls.ca").map(Path::of);
  }

  /** Where workers reach the master; by default its own listener. Without a slash at the end. */
  public String workerUrl() {
    return text("millrace.worker.url")
        .map(url -> url.endsWith("/") ? url.substring(0, url.length() - 1) : url)
        .orElseGet(
            () ->
                (text("millrace.tls.cert").isPresent() ? "https://" : "http://")
                    + (httpHost().equals("0.0.0.0") ? "127.0.0.1" : httpHost())
                    + ":"
                    + httpPort());
  }

  public Duration workerBeat() {
    return seconds("millrace.worker.beat.seconds", 5);
  }

  /** After this time without a beat a worker is shown as silent. */
  public Duration workerSilent() {
    return seconds("millrace.worker.silent.seconds", 20);
  }

  /** After this time without a beat the executions of a worker end as worker-lost. */
  public Duration workerLost() {
    return seconds("millrace.worker.lost.seconds", 600);
  }

  /** How long an offer is kept for one worker. */
  public Duration offer() {
    return seconds("millrace.offer.seconds", 10);
  }

  /** How long a worker's claim waits for work. */
  public Duration poll() {
    return seconds("millrace.poll.seconds", 30);
  }

  /** Time between SIGINT and SIGKILL. */
  public Duration stopGrace() {
    return seconds("millrace.stop.grace.seconds", 60);
  }

  /** How long a worker tries to pull an image that it does not have. */
  public Duration imagePatience() {
    return seconds("millrace.image.seconds", 300);
  }

  /** How long a run may be silent on both streams, where its step says nothing. */
  public Duration noOutput() {
    return seconds("millrace.no.output.seconds", 8 * 3600);
  }

  /** Bytes of log that one execution may write. */
  public long logBytes() {
    return number("millrace.log.bytes", 2L << 30);
  }

  /** Lines of metadata that are kept of one execution. */
  public long metadataLines() {
    return number("millrace.metadata.lines", 1_000_000);
  }

  /** Bytes of metadata, as JSON text, that are kept of one execution. */
  public long metadataBytes() {
    return number("millrace.metadata.bytes", 128L << 20);
  }

  /** Output files that one execution may make. */
  public long outputFiles() {
    return number("millrace.output.files", 100_000);
  }

  /** Bytes that all outputs of one execution may have. */
  public long outputBytes() {
    return number("millrace.output.bytes", 1L << 40);
  }

  /** How long what a user deleted can still be looked up. */
  public Duration keepDeleted() {
    return Duration.ofDays(number("millrace.keep.deleted.days", 30));
  }

  /** How long audit entries are kept. */
  public Duration keepAudit() {
    return Duration.ofDays(number("millrace.keep.audit.days", 730));
  }

  /** Executions that one project may have, deleted ones left out. */
  public long projectExecutions() {
    return number("millrace.project.executions", 1_000_000);
  }

  /** Address ranges from which inputs may come although they are loopback or link-local. */
  public List<String> inputAllow() {
    return list("millrace.input.allow");
  }

  /** The same, read; throws IllegalArgumentException that names the setting and what is wrong. */
  public List<AddressRange> inputRanges() {
    try {
      return inputAllow().stream().map(AddressRange::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("MILLRACE_INPUT_ALLOW: " + e.getMessage(), e);
    }
  }

  /** Hosts of registries that images may come from although their addresses are off limits. */
  public List<String> imageAllow() {
    return list("millrace.image.allow");
  }

  /** Folders and address ranges from which Git repositories may come. */
  public List<String> gitAllow() {
    return list("millrace.git.allow");
  }

  /** Keys of SSH servers that the operator vouches for, as OpenSSH keeps them. */
  public Path gitKnownHosts() {
    return text("millrace.git.known.hosts")
        .map(Path::of)
        .orElse(home().resolve("conf/known_hosts"))
        .toAbsolutePath();
  }

  /** PEM file of authorities that HTTPS servers of repositories may have besides Java's. */
  public Optional<Path> gitCaFile() {
    return text("millrace.git.ca.file").map(Path::of);
  }

  /** Bytes that the master may keep of one project's repository. */
  public long gitBytes() {
    return number("millrace.git.bytes", 4L << 30);
  }

  /** Bytes of one file in a repository. */
  public long gitObjectBytes() {
    return number("millrace.git.object.bytes", 100L << 20);
  }

  /** How long one fetch of a repository may take. */
  public Duration gitFetch() {
    return seconds("millrace.git.seconds", 600);
  }

  /** What an archive of code may hold, uploaded or made of a commit. */
  public ArchiveLimits codeLimits() {
    ArchiveLimits standard = ArchiveLimits.DEFAULT;
    return new ArchiveLimits(
        (int) Math.min(Integer.MAX_VALUE, number("millrace.code.files", standard.entries())),
        number("millrace.code.bytes", standard.bytes()),
        number("millrace.code.free.bytes", standard.freeBytes()),
        (int) Math.min(Integer.MAX_VALUE, number("millrace.code.ratio", standard.ratio())));
  }

  /** Proxies whose {@code X-Forwarded-*} headers count. */
  public List<String> trustedProxies() {
    return list("millrace.trusted.proxies");
  }

  /** The setting as it was written; empty where it is absent or blank. */
  public Optional<String> text(String key) {
    return Optional.ofNullable(source.apply(key)).map(String::trim).filter(t -> !t.isEmpty());
  }

  /** Comma-separated values. */
  public List<String> list(String key) {
    return text(key).stream()
        .flatMap(t -> Arrays.stream(t.split(",")))
        .map(String::trim)
        .filter(t -> !t.isEmpty())
        .toList();
  }

  /** A whole number; throws IllegalArgumentException that names the setting when it is none. */
  public long number(String key, long otherwise) {
    Optional<String> text = text(key);
    try {
      return text.map(Long::parseLong).orElse(otherwise);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "setting " + key + " must be a whole number, not \"" + text.orElse("") + "\"", e);
    }
  }

  private Duration seconds(String key, long otherwise) {
    return Duration.ofSeconds(number(key, otherwise));
  }
}
