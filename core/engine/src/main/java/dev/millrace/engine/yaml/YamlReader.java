package dev.millrace.engine.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.POJONode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;

/**
 * Turns one YAML 1.1 document into JSON and remembers where everything stood.
 *
 * <p>Only the composer of SnakeYAML is used: no tag ever makes a Java object. What aliases repeat
 * is counted as often as it is repeated, so that a small file cannot become a large tree.
 */
final class YamlReader {
  /** Reading digits takes time that grows with the square of their number. */
  private static final int MAX_NUMBER = 1_000;

  private static final int MAX_CHARACTERS = 1 << 20;
  private static final int MAX_NODES = 100_000;
  private static final int MAX_DEPTH = 50;

  private final Map<String, Mark> marks = new HashMap<>();
  private final Set<Node> open = Collections.newSetFromMap(new IdentityHashMap<>());
  private int nodes;

  private YamlReader() {}

  /** Reads the document; an empty text is a null root. */
  static YamlTree read(String text) throws YamlException {
    if (text.length() > MAX_CHARACTERS) {
      throw new YamlException("the file is larger than 1 MiB; make it smaller", Mark.UNKNOWN);
    }
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_CHARACTERS);
    options.setNestingDepthLimit(MAX_DEPTH);
    options.setMaxAliasesForCollections(MAX_NODES);
    options.setAllowDuplicateKeys(true);
    String body = text.startsWith("\uFEFF") ? text.substring(1) : text;
    YamlReader reader = new YamlReader();
    try {
      Composer composer =
          new Composer(
              new ParserImpl(new StreamReader(body), options), new Yaml11Scalars(), options);
      Node root = composer.getSingleNode();
      JsonNode json = root == null ? NullNode.getInstance() : reader.convert(root, "");
      return new YamlTree(json, reader.marks);
    } catch (MarkedYAMLException e) {
      Mark mark = mark(e.getProblemMark());
      String problem = e.getProblem() == null ? "not a YAML document" : e.getProblem();
      throw new YamlException(
          "Indentation Error at line %d, column %d: %s"
              .formatted(mark.line(), mark.column(), problem),
          mark);
    } catch (YAMLException e) {
      throw new YamlException("the file is not YAML: " + e.getMessage(), Mark.UNKNOWN);
    }
  }

  private JsonNode convert(Node node, String pointer) throws YamlException {
    if (++nodes > MAX_NODES) {
      throw new YamlException(
          "the file has more than " + MAX_NODES + " values once its aliases are followed",
          mark(node.getStartMark()));
    }
    marks.putIfAbsent(pointer, mark(node.getStartMark()));
    if (node instanceof ScalarNode scalar) {
      return scalar(scalar);
    }
    if (!open.add(node)) {
      throw at(node, "an alias refers to the value that it is part of");
    }
    if (open.size() > MAX_DEPTH) {
      throw at(node, "values are nested more than " + MAX_DEPTH + " deep");
    }
    JsonNode json;
    if (node instanceof SequenceNode sequence) {
      json = sequence(sequence, pointer);
    } else if (node instanceof MappingNode mapping) {
      json = mapping(mapping, pointer);
    } else {
      throw at(node, "unexpected " + node.getNodeId());
    }
    open.remove(node);
    return json;
  }

  private static JsonNode scalar(ScalarNode scalar) throws YamlException {
    Tag tag = scalar.getTag();
    if (tag.equals(Tag.STR)) {
      return JsonNodeFactory.instance.textNode(scalar.getValue());
    }
    if (tag.equals(Tag.TIMESTAMP) || tag.equals(Tag.BINARY)) {
      // Neither text nor number: an opaque value, so that every type check refuses it.
      return new POJONode(scalar.getValue());
    }
    if (tag.equals(Tag.BOOL)
        || tag.equals(Tag.INT)
        || tag.equals(Tag.FLOAT)
        || tag.equals(Tag.NULL)) {
      if (scalar.getValue().length() > MAX_NUMBER) {
        throw at(
            scalar, "a number has at most " + MAX_NUMBER + " characters; quote it if it is text");
      }
      try {
        return Yaml11Scalars.value(tag, scalar.getValue());
      } catch (NumberFormatException e) {
        throw at(scalar, "'" + scalar.getValue() + "' is no " + tag.getValue());
      }
    }
    if (tag.equals(Yaml11Scalars.VALUE_TAG) || tag.equals(Tag.MERGE)) {
      throw at(scalar, "a lone " + scalar.getValue() + " means nothing here; quote it");
    }
    throw at(scalar, "unknown tag " + tag.getValue());
  }

  private ArrayNode sequence(SequenceNode sequence, String pointer) throws YamlException {
    if (!sequence.getTag().equals(Tag.SEQ)) {
      throw at(sequence, "unknown tag " + sequence.getTag().getValue());
    }
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    int index = 0;
    for (Node item : sequence.getValue()) {
      array.add(convert(item, YamlTree.child(pointer, index++)));
    }
    return array;
  }

  private ObjectNode mapping(MappingNode mapping, String pointer) throws YamlException {
    if (!mapping.getTag().equals(Tag.MAP)) {
      throw at(mapping, "unknown tag " + mapping.getTag().getValue());
    }
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (NodeTuple entry : flattened(mapping, 0)) {
      Node key = entry.getKeyNode();
      if (!(key instanceof ScalarNode scalar) || !key.getTag().equals(Tag.STR)) {
        throw at(key, "a key must be text; quote it");
      }
      String child = YamlTree.child(pointer, scalar.getValue());
      marks.put(child, mark(key.getStartMark()));
      object.set(scalar.getValue(), convert(entry.getValueNode(), child));
    }
    return object;
  }

  /** The entries of a mapping, those merged by {@code <<} first so that its own win. */
  private List<NodeTuple> flattened(MappingNode mapping, int depth) throws YamlException {
    if (depth > MAX_DEPTH || ++nodes > MAX_NODES) {
      throw at(mapping, "merges are nested too deep or repeat too much");
    }
    List<NodeTuple> merged = new ArrayList<>();
    List<NodeTuple> own = new ArrayList<>();
    for (NodeTuple entry : mapping.getValue()) {
      if (!entry.getKeyNode().getTag().equals(Tag.MERGE)) {
        own.add(entry);
        continue;
      }
      Node value = entry.getValueNode();
      List<Node> sources =
          value instanceof SequenceNode sequence
              ? new ArrayList<>(sequence.getValue())
              : new ArrayList<>(List.of(value));
      Collections.reverse(sources);
      for (Node source : sources) {
        if (!(source instanceof MappingNode other)) {
          throw at(source, "only mappings can be merged");
        }
        merged.addAll(flattened(other, depth + 1));
        nodes += other.getValue().size();
      }
    }
    merged.addAll(own);
    return merged;
  }

  private static YamlException at(Node node, String problem) {
    Mark mark = mark(node.getStartMark());
    return new YamlException(
        "Indentation Error at line %d, column %d: %s"
            .formatted(mark.line(), mark.column(), problem),
        mark);
  }

  private static Mark mark(org.yaml.snakeyaml.error.@org.jspecify.annotations.Nullable Mark mark) {
    return mark == null ? Mark.UNKNOWN : new Mark(mark.getLine() + 1, mark.getColumn() + 1);
  }
}
