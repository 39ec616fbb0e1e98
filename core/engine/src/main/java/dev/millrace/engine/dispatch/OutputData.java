package dev.millrace.engine.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.PendingUpload;
import dev.millrace.engine.logs.Micros;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes the record of an output of what a worker tells. What user code says of its file is never a
 * reason to lose the file: what cannot be kept of it is left out, with a word.
 */
final class OutputData {
  static final int MAX_TAGS = 100;
  static final int MAX_TAG = 100;
  static final int MAX_METADATA = 256 * 1024;

  /** Deep enough for people, and no deeper than the parsers of clients go. */
  static final int MAX_DEPTH = 200;

  private static final String TAGS = "valohai.tags";
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{32,64}");
  private static final long FIRST = -62_135_596_800_000_000L;
  private static final long LAST = 253_402_300_799_999_999L;

  private final Clock clock;

  OutputData(Clock clock) {
    this.clock = clock;
  }

  /**
   * The datum of an uploaded file; {@code note} hears what is left out of it. Throws {@link
   * Refused} where the message itself makes no sense.
   */
  Datum of(
      Execution execution,
      DataStore store,
      PendingUpload upload,
      Messages.OutputFile file,
      Consumer<String> note) {
    ObjectNode metadata = Wire.JSON.createObjectNode();
    List<String> tags = List.of();
    if (file.metadata() instanceof ObjectNode given) {
      if (deeper(given, MAX_DEPTH)) {
        note.accept("its metadata is left out: it is over " + MAX_DEPTH + " levels deep");
      } else {
        metadata.setAll(given);
        tags = tags(metadata.remove(TAGS), note);
      }
    }
    String text = Wire.text(metadata);
    if (text.length() > MAX_METADATA) {
      note.accept("its metadata is left out: it is over 256 KiB");
      text = "{}";
    }
    return new Datum(
        upload.id(),
        execution.project(),
        Optional.of(execution.id()),
        upload.path(),
        file.size(),
        hash(file.md5(), 32),
        hash(file.sha1(), 40),
        hash(file.sha256(), 64),
        store.id(),
        upload.key(),
        store.uriPrefix() + upload.key(),
        tags,
        text,
        clock.instant(),
        Micros.toInstant(time(file.createdAt(), note)),
        Micros.toInstant(time(file.modifiedAt(), note)),
        Optional.empty(),
        1);
  }

  /** The same file with nothing said of it. */
  static Datum plain(Datum d) {
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
        List.of(),
        "{}",
        d.createdAt(),
        d.fileCreatedAt(),
        d.fileModifiedAt(),
        d.purgedAt(),
        d.version());
  }

  private static List<String> tags(@Nullable JsonNode said, Consumer<String> note) {
    List<String> given = new ArrayList<>();
    if (said == null || said.isNull()) {
      return given;
    }
    if (said.isArray()) {
      said.forEach(tag -> given.add(tag.isValueNode() ? tag.asText() : tag.toString()));
    } else if (said.isTextual()) {
      given.add(said.asText());
    } else {
      note.accept(TAGS + " is left out: it is no list of texts");
    }
    Set<String> kept = new LinkedHashSet<>();
    int left = 0;
    for (String one : given) {
      String tag = one.strip();
      if (tag.isEmpty() || kept.contains(tag)) {
        continue;
      }
      boolean odd =
          tag.length() > MAX_TAG
              || tag.codePoints().anyMatch(c -> Character.isISOControl(c) || surrogate(c));
      if (odd || kept.size() == MAX_TAGS) {
        left++;
      } else {
        kept.add(tag);
      }
    }
    if (left > 0) {
      note.accept(
          left
              + (left == 1 ? " tag is" : " tags are")
              + " left out: a file has at most "
              + MAX_TAGS
              + ", each of at most "
              + MAX_TAG
              + " characters");
    }
    return List.copyOf(kept);
  }

  /** A half of a pair, alone: no database keeps it. */
  private static boolean surrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /** Whether anything in it is nested deeper; it is walked without the stack. */
  static boolean deeper(JsonNode node, int most) {
    List<JsonNode> level = List.of(node);
    for (int depth = 0; !level.isEmpty(); depth++) {
      if (depth == most) {
        return level.stream().anyMatch(JsonNode::isContainerNode);
      }
      List<JsonNode> next = new ArrayList<>();
      level.forEach(
          one ->
              one.forEach(
                  child -> {
                    if (child.isContainerNode()) {
                      next.add(child);
                    }
                  }));
      level = next;
    }
    return false;
  }

  private static long time(long micros, Consumer<String> note) {
    long kept = Math.max(FIRST, Math.min(LAST, micros));
    if (kept != micros) {
      note.accept("its time is out of range and is recorded as " + Micros.toInstant(kept));
    }
    return kept;
  }

  private static Optional<String> hash(@Nullable String hash, int length) {
    if (hash != null && (hash.length() != length || !HEX.matcher(hash).matches())) {
      throw Refused.invalid("md5, sha1 and sha256 are lower-case hexadecimal.");
    }
    return Optional.ofNullable(hash);
  }
}
