package dev.millrace.api;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.api.http.Call;
import dev.millrace.engine.service.ExecutionView;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An execution with its outputs and the last value of each metadata key.
 *
 * @param metadataTruncated whether metadata was dropped because of the execution's limit
 */
public record ExecutionDetailJson(
    @JsonUnwrapped ExecutionJson execution,
    List<DatumJson> outputs,
    long nOutputs,
    Map<String, JsonNode> cumulativeMetadata,
    boolean metadataTruncated) {

  /** Without the outputs themselves, which are written one after another. */
  static ExecutionDetailJson of(ExecutionView.Detail detail, Call call, ObjectMapper json) {
    Map<String, JsonNode> metadata = new LinkedHashMap<>();
    detail.metadata().forEach((key, text) -> metadata.put(key, value(text, json)));
    return new ExecutionDetailJson(
        ExecutionJson.of(detail.view(), call),
        List.of(),
        detail.outputs().total(),
        metadata,
        detail.metadataCut());
  }

  private static JsonNode value(String text, ObjectMapper json) {
    try {
      return json.readTree(text);
    } catch (JsonProcessingException e) {
      return json.getNodeFactory().textNode(text);
    }
  }
}
