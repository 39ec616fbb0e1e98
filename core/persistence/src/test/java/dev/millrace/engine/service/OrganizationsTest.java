package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Membership;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class OrganizationsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;

  @Test
  void aFullOrganisationTakesNoMoreMembersAndItsMembersStillChange() {
    Desk desk = new Desk(h2.database(), folder);
    Actor admin = desk.admin();
    OwnerId lab = desk.organizations.make(admin, "lab").id();
    desk.organizations.put(admin, lab, "ada", false);
    h2.database()
        .transact(
            s -> {
              int has = s.owners().membersOf(lab).size();
              for (int i = has; i < Ceiling.MEMBERS; i++) {
                s.owners().put(new Membership(lab, new OwnerId(1_000_000 + i), false));
              }
              return true;
            });
    Invalid refused =
        assertThrows(Invalid.class, () -> desk.organizations.put(admin, lab, "bob", false));
    assertTrue(String.valueOf(refused.getMessage()).contains("10,000 members"));
    desk.organizations.put(admin, lab, "ada", true);
    assertTrue(
        h2.database()
            .read(s -> s.owners().membersOf(lab))
            .contains(new Membership(lab, Desk.id(desk.ada), true)));
  }
}
