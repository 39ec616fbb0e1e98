package dev.millrace.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.service.Invalid;
import dev.millrace.engine.service.Submission;
import java.util.List;
import org.junit.jupiter.api.Test;

class SubmissionBodyTest {
  private static final String PROJECT = "0198f3a0-0000-7a52-9c3e-5d1f0e6b7a01";

  @Test
  void whatTheClientSendsIsRead() throws Exception {
    Submission read =
        read(
            """
            {"project": "%s", "commit": "~ab", "step": "train",
             "inputs": {"data": ["datum://x"], "one": "http://h/a", "none": [], "unset": null},
             "parameters": {"epochs": 5, "rate": 1.0, "nothing": null},
             "environment_variables": {"A": "b", "N": 1, "S": {"value": "x", "secret": true}},
             "tags": ["t"], "runtime_config": {"autorestart": true}, "time_limit": 90.0,
             "priority": -3, "unknown": {}}
            """
                .formatted(PROJECT));
    assertEquals(List.of("datum://x"), read.inputs().get("data"));
    assertEquals(List.of("http://h/a"), read.inputs().get("one"));
    assertEquals(List.of(), read.inputs().get("none"));
    assertEquals(3, read.inputs().size());
    assertTrue(read.parameters().get("nothing").isNull());
    assertEquals(1.0, read.parameters().get("rate").asDouble());
    assertEquals("1", read.environmentVariables().get("N").value().reveal());
    assertTrue(read.environmentVariables().get("S").secret());
    assertEquals(90, read.timeLimitSeconds().orElseThrow());
    assertEquals(-3, read.priority());
    assertTrue(read.runtimeConfig().get("autorestart").asBoolean());
  }

  @Test
  void aFormCarriesMapsAsJsonTexts() throws Exception {
    Submission read =
        read(
            """
            {"project": "%s", "commit": "main", "step": "train", "tags": "one",
             "parameters": "{\\"epochs\\": 5}", "time_limit": "60", "command": "echo"}
            """
                .formatted(PROJECT));
    assertEquals(5, read.parameters().get("epochs").asInt());
    assertEquals(60, read.timeLimitSeconds().orElseThrow());
    assertEquals(List.of("one"), read.tags());
    assertEquals(List.of("echo"), read.command().orElseThrow());
  }

  @Test
  void everyFieldOfTheWrongKindIsNamed() {
    Invalid refused =
        assertThrows(
            Invalid.class,
            () ->
                read(
                    """
                    {"project": "x", "commit": 1, "inputs": {"a": [1]}, "parameters": [],
                     "tags": {"a": 1}, "time_limit": 1.5, "priority": "high",
                     "environment_variables": {"A": {"value": []}}, "runtime_config": "x"}
                    """));
    for (String field :
        List.of(
            "project",
            "commit",
            "step",
            "inputs.a",
            "parameters",
            "tags",
            "time_limit",
            "priority",
            "environment_variables.A",
            "runtime_config")) {
      assertTrue(refused.fields().containsKey(field), field + ": " + refused.text());
    }
  }

  private static Submission read(String json) throws Exception {
    return SubmissionBody.read((ObjectNode) new ObjectMapper().readTree(json));
  }
}
