package dev.millrace.worker.run;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a line of valohai.metadata.jsonl has, as far as it must be known before it is needed.
 *
 * @param file the output that it is about, null where it says none
 * @param hasMetadata whether it has an object of metadata
 */
record LineShape(@Nullable String file, boolean hasMetadata) {

  /** Reads one JSON object, of which nothing is held. */
  static LineShape read(JsonParser parser) throws IOException {
    String file = null;
    boolean metadata = false;
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
    } else {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        if (key.equals("file")) {
          file = value == JsonToken.VALUE_STRING ? parser.getText() : null;
        } else if (key.equals("metadata")) {
          metadata = value == JsonToken.START_OBJECT;
        }
        parser.skipChildren();
      }
    }
    PlainJson.end(parser);
    return new LineShape(file, metadata);
  }
}
