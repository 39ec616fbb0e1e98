package dev.millrace.engine.service;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.DuplicateRow;
import dev.millrace.engine.store.Scope;
import dev.millrace.engine.store.Session;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * What is known of files beside their bytes. The given members are laid over those that are there,
 * null takes one away; {@code valohai.tags} adds tags and {@code valohai.alias} makes or moves
 * aliases.
 */
@Component(service = DataMetadata.class)
public final class DataMetadata {
  private static final String RESERVED = "valohai.";
  private static final String TAGS = "valohai.tags";
  private static final String ALIAS = "valohai.alias";
  private static final int MAX_FILES = 1_000;
  private static final int MAX_TAGS = 100;
  private static final int MAX_ALIASES = 100;
  private static final int MAX_CHARACTERS = 256 * 1024;

  private final Database database;
  private final Access access;
  private final Audit audit;
  private final Aliases aliases;
  private final ObjectMapper json = new ObjectMapper();

  @Activate
  public DataMetadata(
      @Reference Database database,
      @Reference Access access,
      @Reference Audit audit,
      @Reference Aliases aliases) {
    this.database = database;
    this.access = access;
    this.audit = audit;
    this.aliases = aliases;
  }

  /**
   * Changes what is known of those files, all or none.
   *
   * @param wanted id to members
   * @param field under which problems of a file are told, with {@code .<id>} where there may be
   *     several; empty for problems of members alone
   * @throws NotFound if the actor may not see one of the files
   */
  public void apply(Actor actor, Map<String, ObjectNode> wanted, String field) {
    new Problems()
        .check(
            !wanted.isEmpty() && wanted.size() <= MAX_FILES,
            field.isEmpty() ? Invalid.NON_FIELD : field,
            "Give between 1 and " + MAX_FILES + " files",
            "max_items")
        .throwIfAny();
    try {
      database.transact(
          session -> {
            wanted.forEach(
                (id, members) ->
                    apply(
                        session,
                        actor,
                        id,
                        members,
                        field.isEmpty() ? "" : field + "." + id + "."));
            return true;
          });
    } catch (DuplicateRow e) {
      throw Conflict.changedMeanwhile();
    }
  }

  private void apply(Session session, Actor actor, String id, ObjectNode given, String prefix) {
    Datum before = datum(session, actor, id);
    Project project =
        session
            .projects()
            .find(new Scope.Everything(), before.project())
            .orElseThrow(() -> new NotFound("File"));
    access.requireWrite(session, actor, project);
    Problems problems = new Problems();
    ObjectNode metadata = object(before.metadata());
    Set<String> tags = new LinkedHashSet<>(before.tags());
    List<String> names = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : given.properties()) {
      String name = entry.getKey();
      String field = prefix + Submissions.brief(name);
      if (name.equals(TAGS)) {
        texts(entry.getValue(), field, problems).forEach(tag -> tags.add(tag.strip()));
        tags.forEach(tag -> problems.text(field, tag, 100));
        problems.check(
            tags.size() <= MAX_TAGS, field, "At most " + MAX_TAGS + " are allowed", "max_items");
      } else if (name.equals(ALIAS)) {
        names.addAll(texts(entry.getValue(), field, problems));
        problems.check(
            names.size() <= MAX_ALIASES,
            field,
            "At most " + MAX_ALIASES + " are allowed",
            "max_items");
      } else if (name.startsWith(RESERVED)) {
        problems.add(
            field,
            "This key is reserved, and only valohai.tags and valohai.alias mean something here;"
                + " leave it out",
            "not_supported");
      } else if (entry.getValue().isNull()) {
        metadata.remove(name);
      } else {
        metadata.set(name, entry.getValue());
      }
    }
    String text = metadata.toString();
    problems.upTo(prefix.isEmpty() ? Invalid.NON_FIELD : prefix + "metadata", text, MAX_CHARACTERS);
    problems.throwIfAny();
    Datum after = changed(before, List.copyOf(tags), text);
    if (!session.data().update(after)) {
      throw Conflict.changedMeanwhile();
    }
    audit.record(
        session,
        actor,
        "datum.metadata",
        "datum:" + before.id(),
        Map.of("tags", before.tags()),
        Map.of("tags", after.tags(), "keys", keys(given)));
    for (String name : names) {
      aliases.set(session, actor, after, name, prefix + ALIAS);
    }
  }

  private static List<String> keys(ObjectNode given) {
    return given.properties().stream()
        .map(e -> Submissions.brief(e.getKey()))
        .limit(MAX_TAGS)
        .toList();
  }

  private static List<String> texts(JsonNode value, String field, Problems problems) {
    List<String> texts = new ArrayList<>();
    if (value.isTextual()) {
      texts.add(value.asText());
    } else if (value.isArray()) {
      value.forEach(item -> texts.add(item.isTextual() ? item.asText() : ""));
    }
    problems.check(
        (value.isTextual() || value.isArray()) && texts.stream().noneMatch(String::isBlank),
        field,
        "Give a text or a list of texts",
        "invalid");
    return texts;
  }

  private ObjectNode object(String text) {
    try {
      return text.isBlank() || !(json.readTree(text) instanceof ObjectNode object)
          ? json.createObjectNode()
          : object;
    } catch (JsonProcessingException e) {
      return json.createObjectNode();
    }
  }

  private Datum datum(Session session, Actor actor, String id) {
    try {
      return session
          .data()
          .find(access.scopeOf(session, actor), DatumId.parse(id))
          .orElseThrow(() -> new NotFound("File"));
    } catch (IllegalArgumentException e) {
      throw new NotFound("File");
    }
  }

  private static Datum changed(Datum d, List<String> tags, String metadata) {
    return new Datum(
        d.id(),
        d.project(),
        d.outputOf(),
        d.name(),
        d.bytes(),
        d.md5(),
        d.sha1(),
        d.sha256(),
        d.store(),
        d.key(),
        d.uri(),
        tags,
        metadata,
        d.createdAt(),
        d.fileCreatedAt(),
        d.fileModifiedAt(),
        d.purgedAt(),
        d.version());
  }
}
