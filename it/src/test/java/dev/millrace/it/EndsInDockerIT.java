package dev.millrace.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The same ends in containers, whose image is pulled with a login, and those that only they know.
 */
class EndsInDockerIT extends EndsIT {
  @Override
  Runs open() {
    return Runs.inDocker();
  }

  @Test
  void theImageIsPulledByItsDigestWithTheRegistrysLogin() {
    String execution = project.run(Code.script("cat /etc/passwd; id -u"));
    assertEquals("complete", project.api().awaitEnd(execution, LIMIT).get("status").asText());
    List<String> lines = project.log(execution, Optional.of("stdout"));
    assertEquals("root:x:0:0:root:/:/bin/sh", lines.get(0), "it is not the image that was named");
    assertTrue(runs.registry().orElseThrow().pulledByDigest());
  }

  @Test
  void anImageThatTheRegistryDoesNotKnowIsNamedWithWhatToDo() {
    String image = runs.registry().orElseThrow().host() + "/it/tools:never-pushed";
    String execution = project.run(Code.script("echo never"), Map.of("image", image));
    JsonNode detail = project.api().awaitEnd(execution, LIMIT);
    assertEquals("error", detail.get("status").asText());
    assertEquals("image", detail.get("reason").asText(), detail.toPrettyString());
    String words = detail.get("status_detail").asText();
    assertTrue(words.contains(image) && words.contains("could not be pulled"), words);
    assertTrue(words.contains("push the image"), words);
    List<String> status = project.log(execution, Optional.of("status"));
    assertEquals(words, status.get(status.size() - 1));
    assertEquals(List.of(), project.log(execution, Optional.of("stdout")));
  }

  @Test
  void anImageThatOnlyTheEngineHasIsRunByItsId() {
    String image = "it-only-here:" + ProcessHandle.current().pid();
    Machine.run(
            Machine.repository(),
            List.of("sh", "-c", "worker/src/test/docker/tools-image.sh " + image))
        .expectSuccess();
    try {
      String execution = project.run(Code.script("echo here"), Map.of("image", image));
      assertEquals("complete", project.api().awaitEnd(execution, LIMIT).get("status").asText());
      List<String> status = project.log(execution, Optional.of("status"));
      assertTrue(
          status.stream().anyMatch(line -> line.contains(image) && line.contains("sha256:")),
          status.toString());
    } finally {
      Machine.run(Machine.repository(), List.of("docker", "rmi", "-f", image));
    }
  }
}
