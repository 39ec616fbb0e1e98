package dev.millrace.worker.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.worker.wire.MasterException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class FailureTest {

  @Test
  void whatAMasterAnswers() {
    Map<Integer, Failure> wanted = new TreeMap<>();
    List.of(400, 402, 406, 409, 411, 412, 413, 414, 415, 416, 422, 431, 451)
        .forEach(status -> wanted.put(status, Failure.FINAL));
    List.of(302, 403, 404, 405, 407, 408, 421, 423, 425, 426, 429, 501, 502, 503, 504, 507)
        .forEach(status -> wanted.put(status, Failure.PASSING));
    wanted.put(500, Failure.BROKEN);
    wanted.forEach(
        (status, failure) ->
            assertEquals(
                failure,
                Failure.of(new MasterException(status, "", "", List.of(), 0)),
                String.valueOf(status)));
    assertEquals(Failure.OVER, Failure.of(new MasterException.LeaseGone("", "")));
    assertEquals(Failure.OVER, Failure.of(new MasterException.CredentialRefused("", "")));
  }

  @Test
  void whatAStoreAnswers() {
    for (int status : new int[] {400, 409, 411, 413, 422}) {
      assertEquals(Failure.FINAL, Failure.of(store(status, "EntityTooLarge")), "of " + status);
    }
    for (int status : new int[] {301, 401, 403, 404, 408, 425, 429, 500, 503, 507}) {
      assertEquals(Failure.PASSING, Failure.of(store(status, "AccessDenied")), "of " + status);
    }
    assertEquals(Failure.PASSING, Failure.of(store(400, "ExpiredToken")));
    assertEquals(Failure.PASSING, Failure.of(store(400, "RequestTimeout")));
    assertEquals(Failure.PASSING, Failure.of(store(409, "OperationAborted")));
  }

  @Test
  void whatTheFileItselfOrTheNetworkDoes() {
    for (IOException problem :
        List.of(
            new NoSuchFileException("a"), new AccessDeniedException("a"), new IOException("EIO"))) {
      assertEquals(Failure.FINAL, Failure.of(SourceException.of(problem)));
    }
    assertEquals(Failure.FINAL, Failure.of(SourceException.changed()));
    assertEquals(Failure.FINAL, Failure.of(new IllegalArgumentException("a bug")));
    assertEquals(Failure.PASSING, Failure.of(new EOFException()));
    assertEquals(Failure.PASSING, Failure.of(new java.net.ConnectException()));
  }

  @Test
  void aStoresOwnWordsAreShownBoundedAndWithoutSignatures() {
    String xml =
        "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>No\u0007 access to\n"
            + "https://s/b/k?X-Amz-Signature=abc</Message><StringToSign>secret</StringToSign>"
            + "</Error>";
    assertEquals(
        "the store answered 403 AccessDenied (No access to https://s/b/k).",
        StoreRefusal.of(403, "application/xml", xml, new ObjectMapper()).getMessage());
    assertEquals(
        "the store answered 413 too_large (At most 3 bytes).",
        StoreRefusal.of(
                413,
                "application/json",
                "{\"code\":\"too_large\",\"message\":\"At most 3 bytes\"}",
                new ObjectMapper())
            .getMessage());
    assertEquals(
        "the store answered 502.",
        StoreRefusal.of(502, "text/html", "<html>Bad gateway</html>", new ObjectMapper())
            .getMessage());
    String longer =
        StoreRefusal.of(400, "text/plain", "x".repeat(10_000), new ObjectMapper()).getMessage();
    assertEquals(true, longer.length() < 400, longer);
  }

  private static StoreRefusal store(int status, String code) {
    return StoreRefusal.of(
        status, "application/xml", "<Error><Code>" + code + "</Code></Error>", new ObjectMapper());
  }
}
