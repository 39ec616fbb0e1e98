package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.Worker;
import dev.millrace.persistence.H2Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The master's messages are those of docs/wire, to the last member. */
class GoldenWireTest {
  private static final Path GOLDEN = Path.of("../../docs/wire");
  private static final Map<String, Class<?>> REQUESTS =
      Map.of(
          "register", Messages.Register.class,
          "claim", Messages.Claim.class,
          "accept", Messages.Accept.class,
          "beat", Messages.Beat.class,
          "metadata", Messages.Metadata.class,
          "status-detail", Messages.StatusDetail.class,
          "transfers", Messages.TransfersWanted.class,
          "uploads", Messages.Uploads.class,
          "outputs", Messages.Outputs.class,
          "ended", Messages.Ended.class);
  private static final Map<String, Class<?>> ANSWERS =
      Map.of(
          "register", Messages.Registered.class,
          "claim", Messages.Claimed.class,
          "beat", Messages.Orders.class,
          "wake", Messages.Woken.class,
          "log", Messages.Next.class,
          "metadata", Messages.MetadataKept.class,
          "transfers", Messages.TransfersGiven.class,
          "uploads", Messages.UploadsGiven.class,
          "outputs", Messages.OutputsKept.class);

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;

  @Test
  void everyGoldenMessageIsReadAndWrittenWithoutLoss() throws IOException {
    Map<String, Class<?>> requests = new TreeMap<>(REQUESTS);
    requests.put("settled", Messages.Settled.class);
    for (Map.Entry<String, Class<?>> message : requests.entrySet()) {
      same(message.getKey(), golden(message.getKey()).get("request"), message.getValue());
    }
    for (Map.Entry<String, Class<?>> message : new TreeMap<>(ANSWERS).entrySet()) {
      same(message.getKey(), golden(message.getKey()).get("answer"), message.getValue());
    }
  }

  @Test
  void anAssignmentHasTheMembersOfTheGoldenOne() throws IOException {
    Yard yard = new Yard(h2.database(), folder);
    Worker worker = yard.worker("one");
    yard.queued();
    JsonNode assignment = yard.accept(worker, yard.claim(worker).orElseThrow());
    JsonNode golden = golden("assignment");
    assertEquals(names(golden), names(assignment));
    for (String part : List.of("project", "code", "config", "limits")) {
      assertEquals(names(golden.get(part)), names(assignment.get(part)), part);
    }
  }

  private static void same(String name, JsonNode golden, Class<?> type) {
    Object read = Wire.read(Wire.write(golden), type);
    assertEquals(numbers(golden), numbers(Wire.JSON.valueToTree(read)), name);
  }

  /** As text, so that 2 and 2.0 of a floating number are one. */
  private static JsonNode numbers(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ObjectNode plain = Wire.JSON.createObjectNode();
      names(object).forEach(name -> plain.set(name, numbers(object.get(name))));
      return plain;
    }
    if (node.isArray()) {
      var plain = Wire.JSON.createArrayNode();
      node.forEach(one -> plain.add(numbers(one)));
      return plain;
    }
    return node.isNumber() ? Wire.JSON.getNodeFactory().numberNode(node.doubleValue()) : node;
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names.stream().sorted().toList();
  }

  private static JsonNode golden(String name) throws IOException {
    return Wire.JSON.readTree(Files.readAllBytes(GOLDEN.resolve(name + ".json")));
  }
}
