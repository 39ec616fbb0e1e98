package dev.millrace.engine.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.AliasMove;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.store.Slice;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class AliasesTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Desk desk;
  private Datum first;
  private Datum second;
  private Datum foreign;

  @BeforeEach
  void open() {
    desk = new Desk(h2.database(), folder);
    ExecutionView run = desk.run(desk.ada, desk.adas);
    first = desk.output(run, "one.bin");
    second = desk.output(run, "two.bin");
    foreign = desk.output(desk.run(desk.bob, desk.bobs), "theirs.bin");
  }

  private static ObjectNode object(String json) throws Exception {
    return (ObjectNode) new ObjectMapper().readTree(json);
  }

  @Test
  void anInputNamedByAliasKeepsTheFileThatItNamedAtSubmit() {
    String id =
        desk.aliases.make(desk.ada, desk.adas.id(), "best", first.id()).alias().id().toString();
    InputFile before = input("best");
    assertEquals(new InputFile("one.bin", "datum://best", Optional.of(first.id())), before);
    desk.clock.now = desk.clock.now.plusSeconds(5);
    desk.aliases.move(desk.ada, id, second.id());
    assertEquals(Optional.of(second.id()), input("best").datum());
    List<AliasMove> moves = desk.aliases.moves(desk.ada, id, Slice.first(9)).items();
    assertEquals(List.of(second.id(), first.id()), moves.stream().map(AliasMove::datum).toList());
    assertEquals(List.of("best"), desk.data.find(desk.ada, second.id().toString()).aliases());
    assertEquals(
        List.of("datum_alias.update", "datum_alias.create"),
        desk
            .database
            .read(s -> s.audit().list(Optional.of("datum_alias:" + id), Slice.first(9)))
            .items()
            .stream()
            .map(a -> a.action())
            .toList());
    desk.aliases.delete(desk.ada, id);
    assertThrows(Invalid.class, () -> input("best"));
  }

  private InputFile input(String alias) {
    Execution made =
        desk.submissions
            .submit(
                desk.ada,
                Desk.ask(
                    desk.adas,
                    desk.upload(desk.ada, desk.adas, Desk.YAML),
                    "train",
                    Map.of("data", List.of("datum://" + alias)),
                    Map.of(),
                    Map.of()))
            .execution();
    return made.spec().inputs().get(0).files().get(0);
  }

  @Test
  void anotherTenantsAliasesAndFilesDoNotExist() {
    String id =
        desk.aliases.make(desk.bob, desk.bobs.id(), "best", foreign.id()).alias().id().toString();
    assertThrows(Invalid.class, () -> input("best"));
    assertThrows(NotFound.class, () -> desk.aliases.find(desk.ada, id));
    assertThrows(NotFound.class, () -> desk.aliases.move(desk.ada, id, first.id()));
    assertThrows(NotFound.class, () -> desk.aliases.delete(desk.ada, id));
    assertThrows(NotFound.class, () -> desk.aliases.moves(desk.ada, id, Slice.first(1)));
    assertThrows(NotFound.class, () -> desk.aliases.resolve(desk.ada, desk.bobs.id(), "best"));
    assertThrows(
        Invalid.class, () -> desk.aliases.make(desk.ada, desk.bobs.id(), "mine", foreign.id()));
    assertThrows(
        Invalid.class, () -> desk.aliases.make(desk.ada, desk.adas.id(), "mine", foreign.id()));
    assertThrows(
        NotFound.class,
        () ->
            desk.metadata.apply(
                desk.ada, Map.of(foreign.id().toString(), object("{\"a\": 1}")), "x"));
    assertEquals(
        0, desk.aliases.list(desk.ada, Optional.empty(), Optional.empty(), Slice.first(9)).total());
  }

  @Test
  void aNameIsRefusedWhereItCouldBeTakenForAnIdOrIsTaken() {
    for (String name : List.of("", "a b", "-a", "a/b", first.id().toString(), "é")) {
      assertThrows(
          Invalid.class, () -> desk.aliases.make(desk.ada, desk.adas.id(), name, first.id()), name);
    }
    desk.aliases.make(desk.ada, desk.adas.id(), "best", first.id());
    assertThrows(
        Invalid.class, () -> desk.aliases.make(desk.ada, desk.adas.id(), "best", second.id()));
  }

  @Test
  void metadataAreLaidOverTagsAddedAndAliasesMoved() throws Exception {
    String id = first.id().toString();
    desk.metadata.apply(
        desk.ada,
        Map.of(
            id,
            object(
                "{\"a\": 1, \"b\": {\"c\": null}, \"valohai.tags\": [\"x\"], \"valohai.alias\":"
                    + " \"best\"}")),
        "");
    desk.metadata.apply(
        desk.ada,
        Map.of(
            id,
            object("{\"a\": null, \"d\": \"e\", \"valohai.tags\": \"y\"}"),
            second.id().toString(),
            object("{\"valohai.alias\": [\"best\", \"last\"]}")),
        "datum_metadata");
    DatumView view = desk.data.find(desk.ada, id);
    assertEquals(object("{\"b\": {\"c\": null}, \"d\": \"e\"}"), object(view.datum().metadata()));
    assertEquals(List.of("x", "y"), view.datum().tags());
    assertEquals(List.of(), view.aliases());
    assertEquals(
        List.of("best", "last"), desk.data.find(desk.ada, second.id().toString()).aliases());
  }

  @Test
  void oneBadFileOfSeveralChangesNone() throws Exception {
    String id = first.id().toString();
    Invalid refused =
        assertThrows(
            Invalid.class,
            () ->
                desk.metadata.apply(
                    desk.ada,
                    Map.of(
                        id,
                        object("{\"a\": 1}"),
                        second.id().toString(),
                        object("{\"valohai.model-versions\": [\"model://m/1\"]}")),
                    "datum_metadata"));
    assertTrue(
        refused.fields().toString().contains("valohai.model-versions"),
        refused.fields().toString());
    assertEquals("{}", desk.data.find(desk.ada, id).datum().metadata());
    for (String bad : List.of("{\"valohai.tags\": 5}", "{\"valohai.alias\": [\"a b\"]}")) {
      assertThrows(
          Invalid.class, () -> desk.metadata.apply(desk.ada, Map.of(id, object(bad)), ""), bad);
    }
    assertThrows(Invalid.class, () -> desk.metadata.apply(desk.ada, Map.of(), ""));
    assertEquals(List.of(), desk.data.find(desk.ada, id).datum().tags());
  }
}
