package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.settings.Settings;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ProjectsTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Projects projects;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    projects = new Projects(h2.database(), desk.access, new Audit(desk.clock), desk.clock);
  }

  @Test
  void aProjectIsDeletedOnlyOnceItsExecutionsHaveEnded() {
    ExecutionId running = desk.run(desk.ada, desk.adas).execution().id();
    Conflict refused =
        assertThrows(Conflict.class, () -> projects.delete(desk.ada, desk.adas.id()));
    assertTrue(String.valueOf(refused.getMessage()).contains("stop it first"));
    assertEquals(desk.adas, projects.find(desk.ada, desk.adas.id()).view().project());
    desk.executions.stop(desk.ada, running.toString());
    projects.delete(desk.ada, desk.adas.id());
    assertThrows(NotFound.class, () -> projects.find(desk.ada, desk.adas.id()));
  }

  @Test
  void aProjectTakesSoManyExecutionsAndDeletedOnesDoNotCount() {
    Settings two =
        new Settings(
            Map.of("millrace.data", folder.toString(), "millrace.project.executions", "2")::get);
    Submissions submissions =
        new Submissions(
            h2.database(),
            desk.access,
            new Audit(desk.clock),
            desk.key,
            desk.queue,
            two,
            new OneRegistry(),
            desk.clock);
    CommitView commit = desk.upload(desk.ada, desk.adas, Desk.YAML);
    Submission ask = Desk.ask(desk.adas, commit, "train");
    ExecutionId first = submissions.submit(desk.ada, ask).execution().id();
    submissions.submit(desk.ada, ask);
    Invalid refused = assertThrows(Invalid.class, () -> submissions.submit(desk.ada, ask));
    assertTrue(
        String.valueOf(refused.getMessage()).contains("The project has 2 executions"),
        refused.getMessage());
    desk.change(first, c -> c.deletedAt(desk.clock.now));
    submissions.submit(desk.ada, ask);
    assertThrows(Invalid.class, () -> submissions.submit(desk.ada, ask));
  }
}
