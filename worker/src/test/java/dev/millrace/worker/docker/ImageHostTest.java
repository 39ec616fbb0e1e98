package dev.millrace.worker.docker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.worker.runtime.LaunchException;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.Secret;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where an image's name may send the engine. */
class ImageHostTest {
  private static Assignment.Image image(String reference) {
    return new Assignment.Image(reference, null, null, null);
  }

  @Test
  void registriesThatOnlyThisMachineReachesAreRefusedByTheAddressTheyHave() {
    for (String reference :
        List.of(
            "127.0.0.1:18800/x/y:z",
            "127.1:18800/x/y",
            "2130706433:80/x",
            "localhost:5000/x",
            "169.254.169.254/latest/meta",
            "0.0.0.0:80/x",
            "192.0.0.192/x/y",
            "100.100.100.200/x/y")) {
      LaunchException refused =
          assertThrows(LaunchException.class, () -> ImageHost.check(image(reference)), reference);
      assertEquals("image", refused.reason());
      assertTrue(String.valueOf(refused.getMessage()).contains("MILLRACE_IMAGE_ALLOW"), reference);
    }
  }

  @Test
  void whatTheOperatorVouchesForPasses() throws Exception {
    ImageHost.check(new Assignment.Image("127.0.0.1:5000/x", null, null, true));
    ImageHost.check(
        new Assignment.Image(
            "127.0.0.1:5000/x", null, new Assignment.Pull("robot", new Secret("s")), null));
    ImageHost.check(image("10.1.2.3:5000/x"));
  }

  @Test
  void anIdIsNoImage() {
    String id = "sha256:" + "0f".repeat(32);
    assertThrows(LaunchException.class, () -> ImageHost.check(image(id)));
    assertThrows(
        LaunchException.class, () -> ImageHost.check(new Assignment.Image(id, null, null, true)));
  }

  @Test
  void whatAServerAnsweredIsNotQuoted() {
    String said =
        RunImages.words(
            "Status 500: {\"message\":\"error parsing HTTP 404 response body: invalid character:"
                + " \\\"{\\\"detail\\\":\\\"secret\\\"}\\\"\"}");
    assertFalse(said.contains("secret"), said);
    assertTrue(said.contains("error parsing HTTP 404 response body"), said);
  }
}
