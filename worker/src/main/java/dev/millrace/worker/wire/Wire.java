package dev.millrace.worker.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.util.RawValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The bodies of the calls, as docs/wire says. */
public final class Wire {
  private Wire() {}

  /** Who a worker is and what it offers. */
  public record Register(
      Secret joinToken,
      String nonce,
      String name,
      String release,
      String os,
      String arch,
      List<Integer> wireVersions,
      int slots,
      int cpus,
      long memoryMiB,
      List<String> gpus,
      List<String> runtimes) {}

  /** The worker's place with the master. */
  public record Registered(
      String workerId,
      Secret credential,
      @Nullable Group group,
      int wireVersion,
      long beatSeconds,
      long pollSeconds,
      long lostSeconds) {}

  /** A worker group. */
  public record Group(String id, String name) {}

  /** Asks for work. */
  public record Claim(int freeSlots) {}

  /** The answer to a claim. */
  public record Claimed(@Nullable Offer offer) {}

  /** One execution reserved for this worker. */
  public record Offer(String executionId, Secret token, long acceptSeconds) {}

  /** Takes an offer. */
  public record Accept(Secret token) {}

  /** A sign of life. */
  public record Beat(
      int freeSlots,
      List<BeatRun> runs,
      long diskFreeMiB,
      @Nullable List<String> runtimes,
      @Nullable String release,
      @Nullable String paused,
      @Nullable String trouble) {}

  /** One run in a beat. */
  public record BeatRun(String executionId, Secret lease, String phase) {}

  /** What the master wants of the runs. */
  public record Orders(
      @Nullable List<RunOrder> runs, boolean draining, @Nullable Release wantedRelease) {}

  /** A release of the worker; the address is as secret as a password. */
  public record Release(String version, String url, String sha256) {
    @Override
    public String toString() {
      return "Release[version=" + version + "]";
    }
  }

  /** One order; see docs/wire. */
  public record RunOrder(String executionId, String order) {}

  /** The offset that the master expects next. */
  public record Next(long next) {}

  /**
   * How far metadata is with the master, whether lines were dropped for their limit, and how many
   * for themselves.
   */
  public record MetadataKept(long next, @Nullable Boolean cut, @Nullable Integer dropped) {}

  /** A batch of metadata lines. */
  public record Metadata(long from, List<MetadataLine> lines) {}

  /** One line of stdout that is a JSON object. */
  public record MetadataLine(long offset, long time, JsonNode json) {}

  /** Text for the execution's status detail. */
  public record StatusDetail(String statusDetail) {}

  /** Asks for fresh signed requests. */
  public record Transfers(boolean code, List<String> inputs) {}

  /** Fresh signed requests. */
  public record Transferable(
      @Nullable SignedRequest code, @Nullable Map<String, SignedRequest> inputs) {}

  /** Asks where to put files; {@code partial}: one that is refused is no reason for another. */
  public record Uploads(List<UploadFile> files, boolean partial) {}

  /** One file to upload. */
  public record UploadFile(String uploadId, String path, long size) {}

  /** Where to put files. A master of an earlier release has only that. */
  public record Uploadable(
      List<UploadTarget> uploads, @Nullable List<Unkept> refused, @Nullable List<Unkept> waiting) {
    public Uploadable {
      uploads = uploads == null ? List.of() : uploads;
    }
  }

  /** A file that is refused for good, or waits. */
  public record Unkept(String uploadId, String code, String message) {
    public Unkept {
      code = code == null ? "" : code;
      message = message == null ? "" : message;
    }

    /** The same as a failure of a call. */
    public MasterException problem() {
      return new MasterException(503, code, message, List.of(), 0);
    }

    public static Map<String, Unkept> byId(@Nullable List<Unkept> list) {
      Map<String, Unkept> found = new HashMap<>();
      if (list != null) {
        list.forEach(one -> found.put(one.uploadId(), one));
      }
      return found;
    }
  }

  /** Where to put one file. */
  public record UploadTarget(String uploadId, SignedRequest request) {}

  /** Reports uploaded files; {@code partial} as with {@link Uploads}. */
  public record Outputs(List<Output> outputs, boolean partial) {}

  /** What became of uploaded files; those that are in no list are recorded. */
  public record Recorded(
      @Nullable List<Unkept> refused, @Nullable List<Unkept> waiting, @Nullable List<Note> notes) {}

  /** What is left out of a recorded file. */
  public record Note(String uploadId, String message) {
    public static Map<String, List<String>> byId(@Nullable List<Note> list) {
      Map<String, List<String>> found = new HashMap<>();
      if (list != null) {
        list.forEach(
            one ->
                found.computeIfAbsent(one.uploadId(), n -> new ArrayList<>()).add(one.message()));
      }
      return found;
    }
  }

  /** One uploaded file. */
  public record Output(
      String uploadId,
      String path,
      long size,
      String md5,
      String sha1,
      String sha256,
      long createdAt,
      long modifiedAt,
      @Nullable RawValue metadata) {}

  /** The run's processes are gone. */
  public record Ended(
      @Nullable Integer exitCode,
      @Nullable String reason,
      @Nullable String detail,
      boolean stopped,
      @Nullable RunImage image) {}

  /** The image that was run. */
  public record RunImage(String reference, @Nullable String digest, @Nullable String id) {}

  /** Everything of the run is with the master. */
  public record Settled(Map<String, Long> log, @Nullable String reason, @Nullable String detail) {}

  /** An error answer. */
  public record Problem(
      @Nullable String code, @Nullable String message, @Nullable List<String> uploads) {}
}
