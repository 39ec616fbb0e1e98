package dev.millrace.worker.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that a worker needs to know of one execution. */
public record Assignment(
    String executionId,
    Secret lease,
    @Nullable Project project,
    long counter,
    @Nullable String step,
    String runtime,
    @Nullable Image image,
    List<String> commands,
    List<Variable> environment,
    @Nullable Code code,
    Map<String, JsonNode> config,
    List<Input> inputs,
    List<String> inputAllow,
    List<Mount> mounts,
    List<String> mountAllow,
    Limits limits) {

  public Assignment {
    environment = environment == null ? List.of() : environment;
    config = config == null ? Map.of() : config;
    inputs = inputs == null ? List.of() : inputs;
    inputAllow = inputAllow == null ? List.of() : inputAllow;
    mounts = mounts == null ? List.of() : mounts;
    mountAllow = mountAllow == null ? List.of() : mountAllow;
    limits = limits == null ? Limits.NONE : limits;
  }

  /** The project that the execution belongs to. */
  public record Project(String id, String name, @Nullable String owner) {}

  /**
   * The image to run, with a short-lived login for its registry; {@code allowed} says that the
   * operator vouches for the registry, wherever it is.
   */
  public record Image(
      String reference, @Nullable String digest, @Nullable Pull pull, @Nullable Boolean allowed) {}

  /** A login for one pull. */
  public record Pull(String username, Secret password) {}

  /** One environment variable. */
  public record Variable(String name, String value, boolean secret) {
    @Override
    public String toString() {
      return name + "=" + (secret ? "***" : value);
    }
  }

  /** The code archive; {@code sha256} is that of the bytes as downloaded. */
  public record Code(
      String sha256,
      String format,
      long size,
      @Nullable SignedRequest download,
      ArchiveLimits limits) {
    public Code {
      limits = limits == null ? ArchiveLimits.STANDARD : limits;
    }
  }

  /**
   * What the code may unpack to: members, bytes, and, past the first {@code freeBytes}, {@code
   * ratio} times its packed size. What a master does not say is as it is by default there.
   */
  public record ArchiveLimits(long entries, long bytes, long freeBytes, long ratio) {
    public static final ArchiveLimits STANDARD =
        new ArchiveLimits(100_000, 4L << 30, 64L << 20, 200);

    public ArchiveLimits {
      entries = entries <= 0 ? 100_000 : entries;
      bytes = bytes <= 0 ? 4L << 30 : bytes;
      freeBytes = freeBytes <= 0 ? 64L << 20 : freeBytes;
      ratio = ratio <= 0 ? 200 : ratio;
    }

    /** The most bytes that an archive of that packed size may unpack to. */
    public long most(long packed) {
      long byRatio = packed > Long.MAX_VALUE / ratio ? Long.MAX_VALUE : packed * ratio;
      return Math.min(bytes, Math.max(freeBytes, byRatio));
    }
  }

  /** One named input. */
  public record Input(
      String name,
      @Nullable String inputId,
      @Nullable String keepDirectories,
      List<InputFile> files) {
    public Input {
      files = files == null ? List.of() : files;
    }
  }

  /** One file of an input: a datum with a signed request, or a plain address. */
  public record InputFile(
      String name,
      @Nullable String uri,
      @Nullable String datumId,
      @Nullable Long size,
      @Nullable Checksums checksums,
      @Nullable List<JsonNode> metadata,
      @Nullable SignedRequest download) {}

  /** Hashes recorded for a datum, in lower-case hexadecimal. */
  public record Checksums(@Nullable String md5, @Nullable String sha1, @Nullable String sha256) {}

  /** A folder of this machine that the run sees at another place. */
  public record Mount(String source, String destination, boolean readOnly) {}

  /** What the run may use; 0 means no limit. */
  public record Limits(
      long timeSeconds,
      long noOutputSeconds,
      Long stopGraceSeconds,
      long logBytes,
      double cpus,
      long memoryMiB,
      List<Integer> gpus,
      long imageSeconds,
      long outputFiles) {
    private static final long IMAGE_SECONDS = 300;
    private static final long OUTPUT_FILES = 100_000;
    static final Limits NONE =
        new Limits(0, 0, 60L, 2L << 30, 0, 0, List.of(), IMAGE_SECONDS, OUTPUT_FILES);

    public Limits {
      stopGraceSeconds = stopGraceSeconds == null ? Long.valueOf(60) : stopGraceSeconds;
      logBytes = logBytes <= 0 ? 2L << 30 : logBytes;
      gpus = gpus == null ? List.of() : gpus;
      imageSeconds = imageSeconds <= 0 ? IMAGE_SECONDS : imageSeconds;
      outputFiles = outputFiles <= 0 ? OUTPUT_FILES : outputFiles;
    }
  }
}
