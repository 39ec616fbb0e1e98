package dev.millrace.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.service.Invalid;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MultipartTest {
  private final ByteArrayOutputStream body = new ByteArrayOutputStream();
  private final ByteArrayOutputStream file = new ByteArrayOutputStream();
  private final Map<String, String> texts = new LinkedHashMap<>();

  @Test
  void bytesAndTextsComeOutAsTheyWentIn() throws Exception {
    byte[] bytes = new byte[300_000];
    new Random(1).nextBytes(bytes);
    part("data\"; filename=\"data.tgz", bytes);
    part("description", "heads/master-0-gäöü".getBytes(StandardCharsets.UTF_8));
    part("yaml_path", "valohai.yaml".getBytes(StandardCharsets.UTF_8));
    end();
    read();
    assertArrayEquals(bytes, file.toByteArray());
    assertEquals(Map.of("description", "heads/master-0-gäöü", "yaml_path", "valohai.yaml"), texts);
  }

  @Test
  void aFormThatBreaksOffIsRefused() throws Exception {
    part("data", new byte[1_000]);
    assertThrows(Invalid.class, this::read);
  }

  @Test
  void aTextThatIsTooLongIsNamed() throws Exception {
    part("description", new byte[100_000]);
    end();
    Invalid refused = assertThrows(Invalid.class, this::read);
    assertTrue(refused.fields().containsKey("description"), refused.text());
  }

  @Test
  void endlessPartsAreRefused() throws Exception {
    for (int i = 0; i < 50; i++) {
      part("p" + i, new byte[1]);
    }
    end();
    assertThrows(Invalid.class, this::read);
  }

  @Test
  void otherBytesAreRefused() throws Exception {
    body.writeBytes("hello".getBytes(StandardCharsets.UTF_8));
    assertThrows(Invalid.class, this::read);
  }

  private void read() throws IOException {
    Multipart.read(
        new ByteArrayInputStream(body.toByteArray()),
        "xyz",
        new Multipart.Receiver() {
          @Override
          public Optional<OutputStream> file(String name) {
            return name.equals("data") ? Optional.of(file) : Optional.empty();
          }

          @Override
          public void text(String name, String value) {
            texts.put(name, value);
          }
        });
  }

  private void part(String name, byte[] bytes) {
    String head = "--xyz\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n";
    body.writeBytes(head.getBytes(StandardCharsets.UTF_8));
    body.writeBytes(bytes);
    body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
  }

  private void end() {
    body.writeBytes("--xyz--\r\n".getBytes(StandardCharsets.UTF_8));
  }
}
