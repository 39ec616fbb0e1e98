package dev.millrace.api.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.engine.service.Conflict;
import dev.millrace.engine.service.Denied;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.NotFound;
import dev.millrace.engine.service.Problems;
import dev.millrace.engine.service.TooMany;
import dev.millrace.engine.service.Unauthenticated;
import dev.millrace.engine.service.Unavailable;
import dev.millrace.engine.store.DatabaseUnavailable;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ErrorsTest {
  private final ObjectMapper json = Json.mapper();

  private Response answer(Throwable failure) {
    return new Errors().toResponse(failure);
  }

  private JsonNode body(Response response) {
    return json.valueToTree(response.getEntity());
  }

  @Test
  void fieldProblemsAreListsOfMessageAndCode() {
    Problems problems =
        new Problems().add("name", "too long", "max_length").add("name", "odd", "invalid");
    problems.add("parameters.rate", "must be a number", "invalid");
    Response response = answer(assertThrowsInvalid(problems));
    assertEquals(400, response.getStatus());
    assertEquals("max_length", body(response).at("/name/0/code").asText());
    assertEquals("odd", body(response).at("/name/1/message").asText());
    assertEquals("must be a number", body(response).at("/parameters/rate/0/message").asText());
  }

  @Test
  void eachRefusalHasItsStatusAndItsWords() {
    assertEquals(404, answer(new NotFound("Project")).getStatus());
    assertEquals(
        "Project not found", body(answer(new NotFound("Project"))).path("detail").asText());
    assertEquals(403, answer(new Denied("no")).getStatus());
    assertEquals(409, answer(Conflict.changedMeanwhile()).getStatus());
    assertEquals(503, answer(new Unavailable("store", "gone")).getStatus());
  }

  @Test
  void aMissingCredentialNamesTheScheme() {
    Response response = answer(new Unauthenticated("token_expired", "This token has expired"));
    assertEquals(401, response.getStatus());
    assertEquals("Token", response.getHeaderString("WWW-Authenticate"));
    assertEquals("token_expired", body(response).path("code").asText());
  }

  @Test
  void tooManyAttemptsSayWhenToComeBack() {
    Response response = answer(new TooMany(Duration.ofMinutes(15), "wait"));
    assertEquals(429, response.getStatus());
    assertEquals("900", response.getHeaderString("Retry-After"));
  }

  @Test
  void whatTheDatabaseDoesNotDoJustNowIsWorthTryingAgain() {
    for (DatabaseUnavailable.Reason reason : DatabaseUnavailable.Reason.values()) {
      Response response = answer(new DatabaseUnavailable(reason, "inner words"));
      assertEquals(503, response.getStatus());
      assertEquals("5", response.getHeaderString("Retry-After"));
      assertFalse(body(response).toString().contains("inner words"));
    }
    Response slow = answer(new DatabaseUnavailable(DatabaseUnavailable.Reason.TOO_SLOW, "stopped"));
    assertEquals("too_slow", body(slow).path("code").asText());
    assertTrue(body(slow).path("detail").asText().contains("narrow it"));
    assertEquals(
        "database_read_only",
        body(answer(new DatabaseUnavailable(DatabaseUnavailable.Reason.READ_ONLY, "x")))
            .path("code")
            .asText());
  }

  @Test
  void whatNobodyExpectedTellsOnlyAnIncidentNumber() {
    Response response = answer(new IllegalStateException("the secret inner workings"));
    assertEquals(500, response.getStatus());
    String text = body(response).toString();
    assertFalse(text.contains("secret inner"), text);
    assertTrue(text.matches(".*incident [0-9a-f-]{36}.*"), text);
  }

  @Test
  void aMethodThatIsNotAllowedNamesThoseThatAre() {
    Response response = answer(new NotAllowedException("GET", new String[] {"POST"}));
    assertEquals(405, response.getStatus());
    assertTrue(response.getHeaderString("Allow").contains("GET"));
    assertEquals("method_not_allowed", body(response).path("code").asText());
  }

  private static Invalid assertThrowsInvalid(Problems problems) {
    try {
      problems.throwIfAny();
    } catch (Invalid e) {
      return e;
    }
    throw new AssertionError("no problem was found");
  }
}
