package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Repository;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.Secret;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Whose repository it is, and where its password goes. */
class RepositoriesTest {
  private static final String HERE = "https://git.example.org";
  private static final String ELSEWHERE = "https://git.example.com";

  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Repositories repositories;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    repositories =
        new Repositories(
            desk.database, desk.access, new Audit(desk.clock), new HttpsAddresses(), desk.key);
  }

  private Repository put(String url, Optional<String> password) {
    return repositories.put(
        desk.ada,
        desk.adas.id(),
        new Repositories.Wish(
            url, List.of(), Optional.empty(), password.map(Secret::of), Optional.empty()));
  }

  @Test
  void aPasswordStaysWithItsServerAndGoesToNoOther() {
    put(HERE + "/one", Optional.of("s3cret"));
    assertTrue(put(HERE + "/two", Optional.empty()).login().password().isPresent());
    assertFalse(put(ELSEWHERE + "/one", Optional.empty()).login().password().isPresent());
    assertFalse(put(HERE + "/one", Optional.empty()).login().password().isPresent(), "it is gone");
  }

  @Test
  void aRowWhoseAddressAloneWasChangedGivesNoPassword() {
    Sealed sealed = put(HERE + "/one", Optional.of("s3cret")).login().password().orElseThrow();
    assertFalse(sealed.toString().contains("s3cret"));
    assertEquals(
        "s3cret",
        desk.key.unseal(sealed, Repository.passwordContext(desk.adas.id(), HERE)).reveal());
    for (String context :
        List.of(
            Repository.passwordContext(desk.adas.id(), ELSEWHERE),
            Repository.passwordContext(desk.bobs.id(), HERE))) {
      assertThrows(IllegalStateException.class, () -> desk.key.unseal(sealed, context));
    }
  }

  @Test
  void anotherUsersProjectHasNoRepository() {
    put(HERE + "/one", Optional.of("s3cret"));
    assertThrows(NotFound.class, () -> repositories.find(desk.bob, desk.adas.id()));
    assertThrows(
        NotFound.class,
        () ->
            repositories.put(
                desk.bob,
                desk.adas.id(),
                new Repositories.Wish(
                    HERE + "/evil",
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty())));
  }
}
