package dev.millrace.api.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;

/** Writes answers that may be larger than memory, value by value. */
public final class JsonStream {
  /** An answer that has so many bytes gets no further stretch of rows. */
  static final long MOST_BYTES = 32L << 20;

  private final long most;
  private final ObjectWriter values;
  private final Counted counted;
  private final JsonGenerator json;

  /** By way of text, as all answers are written: half a character becomes a mark. */
  public JsonStream(ObjectMapper mapper, OutputStream to) throws IOException {
    this(mapper, to, MOST_BYTES);
  }

  JsonStream(ObjectMapper mapper, OutputStream to, long most) throws IOException {
    this.most = most;
    this.values = mapper.writer().without(SerializationFeature.FLUSH_AFTER_WRITE_VALUE);
    this.counted = new Counted(to);
    this.json =
        mapper
            .getFactory()
            .createGenerator(new OutputStreamWriter(counted, StandardCharsets.UTF_8));
  }

  public JsonStream begin() throws IOException {
    json.writeStartObject();
    return this;
  }

  public JsonStream name(String field) throws IOException {
    json.writeFieldName(field);
    return this;
  }

  public JsonStream value(Object value) throws IOException {
    values.writeValue(json, value);
    return this;
  }

  public JsonStream end() throws IOException {
    json.writeEndObject();
    return this;
  }

  JsonStream beginArray() throws IOException {
    json.writeStartArray();
    return this;
  }

  JsonStream endArray() throws IOException {
    json.writeEndArray();
    return this;
  }

  /** Whether the answer is so long that it should end. */
  boolean full() {
    return counted.bytes >= most;
  }

  /** Sends what is left. Not called after a failure: the answer must look broken off then. */
  public void flush() throws IOException {
    json.flush();
  }

  private static final class Counted extends FilterOutputStream {
    private long bytes;

    Counted(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int one) throws IOException {
      out.write(one);
      bytes++;
    }

    @Override
    public void write(byte[] some, int from, int count) throws IOException {
      out.write(some, from, count);
      bytes += count;
    }
  }
}
