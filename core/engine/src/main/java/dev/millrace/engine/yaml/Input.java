package dev.millrace.engine.yaml;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An input of a step: where its files come from by default and how they are laid out. */
public record Input(
    String name,
    List<String> defaults,
    boolean optional,
    @Nullable String description,
    KeepDirectories keepDirectories,
    @Nullable String filename,
    Download download) {

  public Input {
    defaults = List.copyOf(defaults);
  }

  /** How much of a file's path is kept below the input's folder. */
  public enum KeepDirectories {
    NONE,
    FULL,
    SUFFIX
  }

  /** When the files are fetched. */
  public enum Download {
    ALWAYS,
    ON_DEMAND
  }
}
