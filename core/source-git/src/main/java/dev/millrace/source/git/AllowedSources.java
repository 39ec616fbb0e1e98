package dev.millrace.source.git;

import dev.millrace.engine.domain.AddressRange;
import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code MILLRACE_GIT_ALLOW} lists: folders, compared by real path, so that a link cannot lead
 * out; and ranges of addresses that would be off limits.
 */
final class AllowedSources {
  private final List<Path> folders;
  private final List<AddressRange> ranges;

  AllowedSources(List<String> allowed) {
    this.folders = allowed.stream().filter(a -> a.startsWith("/")).map(Path::of).toList();
    try {
      this.ranges =
          allowed.stream().filter(a -> !a.startsWith("/")).map(AddressRange::parse).toList();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "MILLRACE_GIT_ALLOW lists absolute folders and address ranges: " + e.getMessage(), e);
    }
  }

  List<AddressRange> ranges() {
    return ranges;
  }

  /** The real folder behind an address; {@code SourceException} REFUSED or NOT_FOUND otherwise. */
  Path resolve(Path named) throws SourceException {
    Path real;
    try {
      real = named.toRealPath();
    } catch (IOException e) {
      if (folders.stream().noneMatch(f -> named.normalize().startsWith(f.normalize()))) {
        throw notAllowed(named);
      }
      throw new SourceException(
          Code.NOT_FOUND,
          "there is no folder " + named + " on the master; check the repository's url",
          e);
    }
    for (Path folder : folders) {
      if (Files.isDirectory(folder) && real.startsWith(realOf(folder))) {
        return real;
      }
    }
    throw notAllowed(named);
  }

  /** Refuses folders that can never be fetched; says nothing about whether a folder exists. */
  void check(Path named) throws SourceException {
    if (folders.stream().noneMatch(f -> named.normalize().startsWith(f.normalize()))) {
      throw notAllowed(named);
    }
  }

  private static SourceException notAllowed(Path named) {
    return new SourceException(
        Code.REFUSED,
        "repositories may not be fetched from "
            + named
            + ": ask the operator to add its folder to MILLRACE_GIT_ALLOW");
  }

  private static Path realOf(Path folder) throws SourceException {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      throw new SourceException(Code.UNAVAILABLE, "the folder " + folder + " cannot be read", e);
    }
  }
}
