package dev.millrace.spi.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What every artifact store must do. The tests are final: a store may decline a feature, never a
 * test. They write below {@code tck/} only and remove what they wrote.
 */
public abstract class ArtifactStoreContract extends StoreReading {
  @Test
  final void featuresAndRootStayTheSame() {
    assertEquals(store().features(), store().features());
    URI root = store().root();
    assertEquals(root, store().root());
    assertTrue(root.isAbsolute(), root + " has no scheme");
    assertTrue(root.toString().endsWith("/"), root + " does not end in a slash");
  }

  @Test
  final void aRoleNobodyKnowsIsNotPlayed() {
    interface Unheard {}
    assertEquals(Optional.empty(), store().role(Unheard.class));
  }
}
