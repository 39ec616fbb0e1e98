package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.engine.artifacts.WorkerReleases;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The messages of the worker wire, version 1; docs/wire says what they mean. */
public final class Messages {
  private Messages() {}

  /** What a machine says of itself when it joins. */
  public record Register(
      @Nullable String joinToken,
      @Nullable String nonce,
      @Nullable String name,
      @Nullable String release,
      @Nullable String os,
      @Nullable String arch,
      @Nullable List<Integer> wireVersions,
      int slots,
      double cpus,
      long memoryMiB,
      @Nullable List<String> gpus,
      @Nullable List<String> runtimes) {
    @Override
    public String toString() {
      return "Register[name=" + name + "]";
    }
  }

  /** The answer to {@link Register}; its credential is a secret. */
  public record Registered(
      String workerId,
      String credential,
      Group group,
      int wireVersion,
      long beatSeconds,
      long pollSeconds,
      long lostSeconds,
      @Nullable Release wantedRelease) {
    Registered wanting(@Nullable Release release) {
      return new Registered(
          workerId, credential, group, wireVersion, beatSeconds, pollSeconds, lostSeconds, release);
    }

    @Override
    public String toString() {
      return "Registered[workerId=" + workerId + "]";
    }
  }

  /** The group that a worker joined. */
  public record Group(String id, String name) {}

  /** Asks for the release with a join token that is still good. */
  public record Joining(@Nullable String joinToken) {
    @Override
    public String toString() {
      return "Joining[***]";
    }
  }

  /** The worker release that the master ships. */
  public record Release(String version, String url, String sha256) {
    static @Nullable Release of(Optional<WorkerReleases.Loadable> release) {
      return release.map(r -> new Release(r.version(), r.request().url(), r.sha256())).orElse(null);
    }

    @Override
    public String toString() {
      return "Release[version=" + version + "]";
    }
  }

  public record Claim(int freeSlots) {}

  /** The answer to {@link Claim} when there is work. */
  public record Claimed(Offer offer, @Nullable Release wantedRelease) {}

  /** An execution that is kept for one worker for a while; its token is a secret. */
  public record Offer(String executionId, String token, long acceptSeconds) {
    @Override
    public String toString() {
      return "Offer[executionId=" + executionId + "]";
    }
  }

  public record Accept(@Nullable String token) {
    @Override
    public String toString() {
      return "Accept[***]";
    }
  }

  /**
   * {@code runtimes} are those that could start a run now; {@code paused} says why the worker takes
   * no runs, {@code trouble} what else is wrong with it. Null from a worker that never says.
   */
  public record Beat(
      int freeSlots,
      @Nullable List<RunBeat> runs,
      long diskFreeMiB,
      @Nullable List<String> runtimes,
      @Nullable String release,
      @Nullable String paused,
      @Nullable String trouble) {}

  /** One run in a beat; its lease is a secret. */
  public record RunBeat(
      @Nullable String executionId, @Nullable String lease, @Nullable String phase) {
    @Override
    public String toString() {
      return "RunBeat[executionId=" + executionId + "]";
    }
  }

  public record Orders(List<RunOrder> runs, boolean draining, @Nullable Release wantedRelease) {}

  public record RunOrder(@Nullable String executionId, String order) {}

  /** It is time to beat. */
  public record Woken(boolean beat) {}

  public record Next(long next) {}

  /**
   * {@code cut} is there when lines were dropped because of the execution's limit; {@code dropped}
   * is how many lines were too long or too deep to be kept.
   */
  public record MetadataKept(long next, @Nullable Boolean cut, @Nullable Integer dropped) {}

  public record Metadata(long from, @Nullable List<Line> lines) {}

  public record Line(long offset, long time, @Nullable JsonNode json) {}

  public record StatusDetail(@Nullable String statusDetail) {}

  public record TransfersWanted(boolean code, @Nullable List<String> inputs) {}

  /** Signed requests; each is a secret. */
  public record TransfersGiven(@Nullable SignedRequest code, Map<String, SignedRequest> inputs) {}

  /** A request that carries its own authority. */
  public record SignedRequest(
      String method, String url, Map<String, String> headers, long expiresAt) {
    @Override
    public String toString() {
      return method + " ***";
    }
  }

  /** {@code partial}: the worker reads what is said of each file, and is not told by the status. */
  public record Uploads(@Nullable List<UploadFile> files, @Nullable Boolean partial) {}

  public record UploadFile(@Nullable String uploadId, @Nullable String path, long size) {}

  public record UploadsGiven(
      List<UploadGiven> uploads, @Nullable List<Unkept> refused, @Nullable List<Unkept> waiting) {}

  /** A file that is refused for good, or waits. */
  public record Unkept(String uploadId, String code, String message) {}

  public record UploadGiven(String uploadId, SignedRequest request) {}

  /** {@code partial} as with {@link Uploads}. */
  public record Outputs(@Nullable List<OutputFile> outputs, @Nullable Boolean partial) {}

  /** One uploaded file. */
  public record OutputFile(
      @Nullable String uploadId,
      @Nullable String path,
      long size,
      @Nullable String md5,
      @Nullable String sha1,
      @Nullable String sha256,
      long createdAt,
      long modifiedAt,
      @Nullable JsonNode metadata) {}

  /** {@code notes}: what was recorded in another way than it was told. */
  public record OutputsKept(
      List<OutputKept> outputs,
      @Nullable List<Unkept> refused,
      @Nullable List<Unkept> waiting,
      @Nullable List<Note> notes) {}

  /** A word for the user about one file that is recorded. */
  public record Note(String uploadId, String message) {}

  public record OutputKept(String uploadId, String datumId) {}

  /** How the run's processes ended. */
  public record Ended(
      @Nullable Integer exitCode,
      @Nullable String reason,
      @Nullable String detail,
      boolean stopped,
      @Nullable Image image) {}

  public record Image(@Nullable String reference, @Nullable String digest, @Nullable String id) {}

  public record Settled(@Nullable Lengths log, @Nullable String reason, @Nullable String detail) {}

  public record Lengths(long stdout, long stderr, long status) {}
}
