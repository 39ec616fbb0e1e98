package dev.millrace.source.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Secret;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceLogin;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/** Where a fetch may go after a redirect, and how much it may take. */
class HttpServerTest {
  private static final SourceLogin LOGIN =
      new SourceLogin("me", Optional.of(Secret.of("s3cret")), "", Optional.empty());

  private static HttpServer server(SourceLogin login, String... allowed) throws Exception {
    return new HttpServer(
        (GitAddress.Server) GitAddress.parse("https://192.0.2.1/x.git"),
        login,
        new AddressGuard(new AllowedSources(List.of(allowed)).ranges(), Set.of()),
        SSLContext.getDefault(),
        new Budget(1_000, Duration.ofMinutes(1)));
  }

  @Test
  void withAPasswordNoOtherServerIsAsked() throws Exception {
    try (HttpServer own = server(LOGIN, "192.0.2.0/24")) {
      own.create(new URL("https://192.0.2.1/x.git/info/refs"));
      for (String other :
          List.of(
              "https://192.0.2.2/x.git/info/refs",
              "https://192.0.2.1:8443/x.git/info/refs",
              "http://192.0.2.1/x.git/info/refs",
              "http://192.0.2.1:443/x.git/info/refs")) {
        AddressGuard.Refused refused =
            assertThrows(AddressGuard.Refused.class, () -> own.create(new URL(other)), other);
        assertTrue(refused.getMessage().contains("password"), refused.getMessage());
      }
    }
    try (HttpServer open = server(SourceLogin.NONE, "192.0.2.0/24")) {
      open.create(new URL("https://192.0.2.2/x.git/info/refs"));
    }
  }

  @Test
  void aRedirectIsJudgedLikeTheFirstAddress() throws Exception {
    try (HttpServer open = server(SourceLogin.NONE)) {
      open.create(new URL("https://192.0.2.2/x.git/info/refs"));
      for (String other :
          List.of(
              "https://127.0.0.1/x",
              "https://169.254.169.254/x",
              "https://[::1]/x",
              "https://localhost/x",
              "http://192.0.2.2/x")) {
        assertThrows(AddressGuard.Refused.class, () -> open.create(new URL(other)), other);
      }
    }
  }

  @Test
  void aStreamBreaksWhereTheBytesOfTheFetchEnd() throws Exception {
    Budget budget = new Budget(1_000, Duration.ofMinutes(1));
    try (var in = budget.counted(new ByteArrayInputStream(new byte[1_000]))) {
      assertEquals(1_000, in.readAllBytes().length);
    }
    try (var in = budget.counted(new ByteArrayInputStream(new byte[1]))) {
      assertThrows(IOException.class, in::read);
    }
    SourceException trouble = budget.trouble().orElseThrow();
    assertEquals(SourceException.Code.UNREADABLE, trouble.code());
    assertTrue(trouble.getMessage().contains("MILLRACE_GIT_BYTES"), trouble.getMessage());
  }

  @Test
  void aStreamBreaksWhenTheTimeOfTheFetchIsOver() throws Exception {
    Budget budget = new Budget(1_000, Duration.ZERO);
    try (var in = budget.counted(new ByteArrayInputStream(new byte[1]))) {
      assertThrows(IOException.class, in::read);
    }
    assertTrue(budget.isCancelled());
    assertTrue(
        budget.trouble().orElseThrow().getMessage().contains("MILLRACE_GIT_SECONDS"),
        budget.trouble().orElseThrow().getMessage());
  }
}
