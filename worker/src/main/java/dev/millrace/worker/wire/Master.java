package dev.millrace.worker.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.http.HttpAnswer;
import dev.millrace.worker.http.HttpBody;
import dev.millrace.worker.http.HttpCall;
import dev.millrace.worker.http.HttpClient;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Speaks worker wire version 1. Each method sends its call once; who calls decides on a retry. */
public final class Master {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** The master asks the store about each of many files. */
  private static final Duration LOOKING = Duration.ofSeconds(120);

  private static final int ANSWER_LIMIT = 64 << 20;

  private final HttpClient http;
  private final URI root;
  private final ObjectMapper json;
  private volatile @Nullable Secret credential;

  /** {@code address} is the master's address, to which {@code /worker/v1/} is added. */
  public Master(HttpClient http, URI address, ObjectMapper json) {
    this.http = http;
    String text = address.toString();
    this.root = URI.create((text.endsWith("/") ? text : text + "/") + "worker/v1/");
    this.json = json;
  }

  /** Sets what later calls identify themselves with. */
  public void credential(Secret secret) {
    credential = secret;
  }

  /** Joins a group; the same token and nonce get the same answer. */
  public Wire.Registered register(Wire.Register body) throws IOException {
    return post("register", body, Map.of(), TIMEOUT, Wire.Registered.class);
  }

  /** Waits at most {@code poll} for an offer; null when there is nothing to do. */
  public Wire.@Nullable Offer claim(int freeSlots, Duration poll) throws IOException {
    Wire.Claimed claimed =
        postOrNull(
            "claim",
            new Wire.Claim(freeSlots),
            own(),
            poll.plus(Duration.ofSeconds(15)),
            Wire.Claimed.class);
    return claimed == null ? null : claimed.offer();
  }

  /** Takes an offer and gets its assignment. */
  public Assignment accept(Wire.Offer offer) throws IOException {
    return post(
        "offers/" + offer.executionId() + "/accept",
        new Wire.Accept(offer.token()),
        own(),
        TIMEOUT,
        Assignment.class);
  }

  /** Waits at most {@code poll} for an order; true when it is time to beat. */
  public boolean wake(Duration poll) throws IOException {
    return postOrNull("wake", Map.of(), own(), poll.plus(Duration.ofSeconds(15)), Map.class)
        != null;
  }

  /** Says that the worker lives and asks for orders. */
  public Wire.Orders beat(Wire.Beat beat) throws IOException {
    return post("beat", beat, own(), Duration.ofSeconds(15), Wire.Orders.class);
  }

  /** Sends log bytes; answers the offset that the master expects next, also when it refused. */
  public long log(String executionId, Secret lease, String stream, LogChunk chunk)
      throws IOException {
    String path =
        "executions/%s/log?stream=%s&offset=%d&time=%d"
            .formatted(executionId, stream, chunk.offset(), chunk.time());
    Map<String, String> headers = leased(lease);
    headers.put("Content-Type", "application/octet-stream");
    if (!chunk.marks().isEmpty()) {
      headers.put("Millrace-Log-Times", chunk.marksText());
    }
    HttpBody body = HttpBody.of(chunk.bytes());
    HttpCall call = new HttpCall("POST", root.resolve(path), headers, body, TIMEOUT);
    try (HttpAnswer answer = http.send(call)) {
      if (answer.status() == 200 || answer.status() == 409) {
        return json.readValue(answer.bytes(ANSWER_LIMIT), Wire.Next.class).next();
      }
      throw refusal(answer);
    }
  }

  /** Sends a batch of metadata lines. */
  public Wire.MetadataKept metadata(String executionId, Secret lease, Wire.Metadata batch)
      throws IOException {
    return run(executionId, lease, "metadata", batch, Wire.MetadataKept.class);
  }

  /** Sets the execution's status detail. */
  public void statusDetail(String executionId, Secret lease, String text) throws IOException {
    run(executionId, lease, "status-detail", new Wire.StatusDetail(text), Map.class);
  }

  /** Fresh signed requests for what the assignment named. */
  public Wire.Transferable transfers(String executionId, Secret lease, Wire.Transfers wanted)
      throws IOException {
    return run(executionId, lease, "transfers", wanted, Wire.Transferable.class);
  }

  /** Where to put output files. */
  public Wire.Uploadable uploads(String executionId, Secret lease, List<Wire.UploadFile> files)
      throws IOException {
    return run(executionId, lease, "uploads", new Wire.Uploads(files, true), Wire.Uploadable.class);
  }

  /** Reports uploaded files. */
  public Wire.Recorded outputs(String executionId, Secret lease, List<Wire.Output> outputs)
      throws IOException {
    return post(
        "executions/" + executionId + "/outputs",
        new Wire.Outputs(outputs, true),
        leased(lease),
        LOOKING,
        Wire.Recorded.class);
  }

  /** Reports that the last process of the run has gone. */
  public void ended(String executionId, Secret lease, Wire.Ended ended) throws IOException {
    run(executionId, lease, "ended", ended, Map.class);
  }

  /** Reports that outputs and log are complete. */
  public void settled(String executionId, Secret lease, Wire.Settled settled) throws IOException {
    run(executionId, lease, "settled", settled, Map.class);
  }

  private <T> T run(String executionId, Secret lease, String call, Object body, Class<T> answer)
      throws IOException {
    return post("executions/" + executionId + "/" + call, body, leased(lease), TIMEOUT, answer);
  }

  private <T> T post(
      String path, Object body, Map<String, String> headers, Duration timeout, Class<T> type)
      throws IOException {
    T answer = postOrNull(path, body, headers, timeout, type);
    if (answer == null) {
      throw new IOException("the master answered nothing to " + path);
    }
    return answer;
  }

  private <T> @Nullable T postOrNull(
      String path, Object body, Map<String, String> headers, Duration timeout, Class<T> type)
      throws IOException {
    Map<String, String> all = new LinkedHashMap<>(headers);
    all.put("Content-Type", "application/json");
    HttpBody bytes = HttpBody.of(written(path, body));
    HttpCall call = new HttpCall("POST", root.resolve(path), all, bytes, timeout);
    try (HttpAnswer answer = http.send(call)) {
      if (answer.status() == 204) {
        return null;
      }
      if (answer.status() / 100 == 2) {
        byte[] text = answer.bytes(ANSWER_LIMIT);
        return json.readValue(text.length == 0 ? new byte[] {'{', '}'} : text, type);
      }
      throw refusal(answer);
    } catch (JsonProcessingException e) {
      // The parser's own message quotes the source, which may hold secrets.
      throw new IOException("the master's answer to " + path + " is not what the wire says");
    }
  }

  private byte[] written(String path, Object body) throws UnsendableException {
    try {
      return json.writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new UnsendableException(path.substring(path.lastIndexOf('/') + 1));
    }
  }

  private MasterException refusal(HttpAnswer answer) throws IOException {
    Wire.Problem problem = problem(answer);
    String code = problem.code() == null ? "" : problem.code();
    String message =
        problem.message() == null ? "the master answered " + answer.status() : problem.message();
    if (answer.status() == 401) {
      return new MasterException.CredentialRefused(code, message);
    }
    if (answer.status() == 410) {
      return new MasterException.LeaseGone(code, message);
    }
    long wait = 0;
    String after = answer.header("Retry-After");
    if (after != null && after.matches("\\d{1,5}")) {
      wait = Long.parseLong(after);
    }
    List<String> uploads = problem.uploads() == null ? List.of() : problem.uploads();
    return new MasterException(answer.status(), code, message, uploads, wait);
  }

  private Wire.Problem problem(HttpAnswer answer) throws IOException {
    try {
      return json.readValue(answer.bytes(1 << 20), Wire.Problem.class);
    } catch (JsonProcessingException e) {
      return new Wire.Problem(null, null, null);
    }
  }

  private Map<String, String> own() {
    Map<String, String> headers = new LinkedHashMap<>();
    Secret secret = credential;
    if (secret != null) {
      headers.put("Authorization", "Bearer " + secret.reveal());
    }
    return headers;
  }

  private Map<String, String> leased(Secret lease) {
    Map<String, String> headers = own();
    headers.put("Millrace-Lease", lease.reveal());
    return headers;
  }
}
