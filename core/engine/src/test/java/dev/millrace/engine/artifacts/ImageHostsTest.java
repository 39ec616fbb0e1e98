package dev.millrace.engine.artifacts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.registry.PullCredentials;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where the image of a step may come from. */
class ImageHostsTest {
  private static final Images ACCOUNT =
      new Images() {
        @Override
        public boolean served(String reference) {
          return reference.startsWith("127.0.0.1:5000/");
        }

        @Override
        public Optional<String> resolve(String reference) {
          return Optional.empty();
        }

        @Override
        public Optional<PullCredentials> credentials(String reference) {
          return Optional.empty();
        }
      };

  private static ImageHosts hosts(String... allowed) {
    return new ImageHosts(ACCOUNT, List.of(allowed));
  }

  @Test
  void registriesThatOnlyAMachineItselfReachesAreRefusedWithTheRemedy() {
    for (String image :
        List.of(
            "127.0.0.1:18800/x/y:z",
            "127.1:80/x",
            "2130706433:80/x",
            "localhost/x",
            "LOCALHOST:5000/x",
            "a.localhost:5000/x",
            "169.254.169.254/latest/meta",
            "0.0.0.0:80/x",
            "192.0.0.192/x")) {
      String problem = hosts().problem(image).orElse("");
      assertTrue(problem.contains("MILLRACE_IMAGE_ALLOW"), image + ": " + problem);
    }
  }

  @Test
  void otherRegistriesAndThoseOfAccountsAreFine() {
    for (String image :
        List.of("busybox", "python:3.12", "10.1.2.3:5000/x", "127.0.0.1:5000/x", "ghcr.io/a/b:1")) {
      assertEquals(Optional.empty(), hosts().problem(image), image);
    }
  }

  @Test
  void theOperatorAllowsByNameWithOrWithoutThePort() {
    assertEquals(Optional.empty(), hosts("127.0.0.1").problem("127.0.0.1:6000/x"));
    assertEquals(Optional.empty(), hosts("127.0.0.1:6000").problem("127.0.0.1:6000/x"));
    assertTrue(hosts("127.0.0.1:6000").problem("127.0.0.1:6001/x").isPresent());
    assertTrue(hosts("registry.test").allows("registry.test:5000/x"));
    assertFalse(hosts("registry.test").allows("other.test:5000/x"));
  }

  @Test
  void anIdIsNoImage() {
    assertTrue(hosts().problem("sha256:" + "0f".repeat(32)).isPresent());
    assertTrue(hosts().problem("SHA256:0f0f0f0f0f0f").isPresent());
    assertTrue(hosts().problem("x --privileged").isPresent());
  }
}
