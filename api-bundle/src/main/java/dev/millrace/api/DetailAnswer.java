package dev.millrace.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.api.http.Call;
import dev.millrace.api.http.Items;
import dev.millrace.api.http.Json;
import dev.millrace.api.http.JsonStream;
import dev.millrace.engine.service.ExecutionView;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Set;

/** An execution in full; its outputs, of which there may be many, are read while it is written. */
final class DetailAnswer implements StreamingOutput {
  private final ObjectMapper json = Json.mapper();
  private final ObjectNode head;
  private final Items<DatumJson> outputs;
  private final boolean withOutputs;

  /** Without the fields that are excluded. */
  DetailAnswer(ExecutionView.Detail detail, Call call, Set<String> exclude) {
    this.withOutputs = !exclude.contains("outputs");
    this.outputs = call.items(detail.outputs(), output -> DatumJson.of(output, call, null));
    this.head = json.valueToTree(ExecutionDetailJson.of(detail, call, json));
    head.remove("outputs");
    head.remove(exclude);
    if (!withOutputs) {
      head.remove("n_outputs");
    }
    if (exclude.contains("metadata")) {
      head.remove("cumulative_metadata");
    }
  }

  @Override
  public void write(OutputStream to) throws IOException {
    JsonStream out = new JsonStream(json, to).begin();
    for (var field : head.properties()) {
      out.name(field.getKey()).value(field.getValue());
    }
    if (withOutputs) {
      outputs.write(out.name("outputs"));
    }
    out.end().flush();
  }
}
