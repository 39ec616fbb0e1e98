package dev.millrace.worker.transfer;

import dev.millrace.worker.http.HttpAnswer;
import dev.millrace.worker.http.HttpCall;
import dev.millrace.worker.http.HttpClient;
import dev.millrace.worker.wire.Backoff;
import dev.millrace.worker.wire.SignedRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Fetches one address into one file, hashed as it comes, resumed where the server allows it. */
public final class Download {
  private static final Duration STALL = Duration.ofSeconds(60);
  private static final int ATTEMPTS = 6;
  private static final int REDIRECTS = 10;

  private final HttpClient http;
  private final BooleanSupplier cancelled;

  /** {@code http} decides which addresses may be reached. */
  public Download(HttpClient http, BooleanSupplier cancelled) {
    this.http = http;
    this.cancelled = cancelled;
  }

  /** Fetches a signed request; redirects are followed like any client's. */
  public Hashes fetch(SignedRequest request, Path target) throws IOException {
    Map<String, String> headers = new LinkedHashMap<>();
    if (request.headers() != null) {
      headers.putAll(request.headers());
    }
    return fetch(address(request.url()), headers, target);
  }

  /** Fetches a plain address; user information in it becomes basic authentication. */
  public Hashes fetch(String uri, Path target) throws IOException {
    URI address = address(uri);
    Map<String, String> headers = new LinkedHashMap<>();
    if (address.getUserInfo() != null) {
      byte[] login = address.getUserInfo().getBytes(StandardCharsets.UTF_8);
      headers.put("Authorization", "Basic " + Base64.getEncoder().encodeToString(login));
    }
    return fetch(address, headers, target);
  }

  private Hashes fetch(URI uri, Map<String, String> headers, Path target) throws IOException {
    Hashes.Running running = new Hashes.Running();
    Backoff backoff = Backoff.standard();
    try (FileChannel file =
        FileChannel.open(
            target,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      String tag = null;
      while (true) {
        long before = running.size();
        IOException problem;
        try (HttpAnswer answer = open(uri, headers, before, tag)) {
          if (answer.status() == 416) {
            restart(file, running);
            throw new IOException("the server refused to resume");
          }
          if (answer.status() != 206) {
            restart(file, running);
          }
          tag = strongTag(answer);
          copy(answer, file, running);
          return running.finish();
        } catch (TransferException | AddressGuard.Refused e) {
          throw e;
        } catch (IOException e) {
          problem = e;
        }
        if (cancelled.getAsBoolean()) {
          throw new TransferException("cancelled");
        }
        if (running.size() > before) {
          backoff.succeeded();
        }
        if (backoff.attempts() >= ATTEMPTS - 1) {
          throw new TransferException(
              HttpCall.display(uri)
                  + " could not be read ("
                  + reason(problem)
                  + ") after "
                  + ATTEMPTS
                  + " attempts. Check that the server is up and reachable from the worker.");
        }
        pause(backoff.next());
      }
    }
  }

  private HttpAnswer open(URI uri, Map<String, String> headers, long from, @Nullable String tag)
      throws IOException {
    URI at = uri;
    Map<String, String> sent = new LinkedHashMap<>(headers);
    if (from > 0 && tag != null) {
      sent.put("Range", "bytes=" + from + "-");
      sent.put("If-Range", tag);
    }
    for (int hop = 0; hop <= REDIRECTS; hop++) {
      HttpAnswer answer = http.send(HttpCall.get(at, sent, STALL));
      int status = answer.status();
      if (status == 200 || status == 206 && from > 0 && startsAt(answer, from)) {
        return answer;
      }
      if (status == 416) {
        return answer;
      }
      try (answer) {
        String location = answer.header("Location");
        if (status / 100 == 3 && location != null) {
          URI next = address(at.resolve(location).toString());
          if (!same(at, next)) {
            sent.remove("Authorization");
          }
          at = next;
          continue;
        }
        refuse(at, status);
      }
    }
    throw new TransferException(
        HttpCall.display(uri) + " redirects more than " + REDIRECTS + " times. Use the final URL.");
  }

  private static void refuse(URI at, int status) throws IOException {
    String where = HttpCall.display(at);
    if (status == 404 || status == 410) {
      throw new TransferException(
          where + " answered " + status + " (not found). Correct the address or put the file back.",
          true);
    }
    if (status == 401 || status == 403) {
      throw new TransferException(
          where
              + " answered "
              + status
              + " (no access). Check the login or the file's permissions.",
          true);
    }
    if (status == 429 || status >= 500 || status == 408 || status == 206) {
      throw new IOException("the server answered " + status);
    }
    throw new TransferException(where + " answered " + status + ". Check the address.");
  }

  private void copy(HttpAnswer answer, FileChannel file, Hashes.Running running)
      throws IOException {
    byte[] buffer = new byte[131_072];
    for (int n = answer.body().read(buffer); n >= 0; n = answer.body().read(buffer)) {
      ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, n);
      try {
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
      } catch (IOException e) {
        throw new TransferException(
            "The worker's disk did not take the file (" + e.getMessage() + "). Free some space.");
      }
      running.update(buffer, 0, n);
      if (cancelled.getAsBoolean()) {
        throw new TransferException("cancelled");
      }
    }
  }

  private static void restart(FileChannel file, Hashes.Running running) throws IOException {
    running.reset();
    file.truncate(0);
    file.position(0);
  }

  private static boolean startsAt(HttpAnswer answer, long from) {
    String range = answer.header("Content-Range");
    return range != null && range.startsWith("bytes " + from + "-");
  }

  private static @Nullable String strongTag(HttpAnswer answer) {
    String tag = answer.header("ETag");
    return tag != null && tag.startsWith("\"") ? tag : answer.header("Last-Modified");
  }

  private static boolean same(URI a, URI b) {
    return String.valueOf(a.getHost()).equalsIgnoreCase(String.valueOf(b.getHost()))
        && a.getPort() == b.getPort()
        && String.valueOf(a.getScheme()).equals(b.getScheme());
  }

  private static URI address(String text) throws TransferException {
    try {
      URI uri = URI.create(text);
      if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getHost() != null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // Falls through to the one message; the parser's own would show the query.
    }
    throw new TransferException("The address is not a valid http(s):// address. Correct it.");
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return message == null || message.isEmpty() ? e.getClass().getSimpleName() : message;
  }

  private void pause(Duration wait) throws TransferException {
    try {
      Thread.sleep(wait.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferException("cancelled");
    }
  }
}
