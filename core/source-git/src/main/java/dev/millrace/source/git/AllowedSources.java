package dev.millrace.source.git;

import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * Which repositories may be fetched: folders below those that {@code MILLRACE_GIT_ALLOW} lists,
 * compared by real path, so that a link cannot lead out. Addresses of servers are refused until
 * they are supported.
 */
final class AllowedSources {
  private final List<Path> folders;

  AllowedSources(List<String> allowed) {
    this.folders = allowed.stream().filter(a -> a.startsWith("/")).map(Path::of).toList();
  }

  /** The real folder behind an address; {@code SourceException} REFUSED or NOT_FOUND otherwise. */
  Path resolve(String url) throws SourceException {
    Path named = path(url);
    Path real;
    try {
      real = named.toRealPath();
    } catch (IOException e) {
      if (folders.stream().noneMatch(f -> named.normalize().startsWith(f.normalize()))) {
        throw notAllowed(url);
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
    throw notAllowed(url);
  }

  /** Refuses addresses that can never be fetched; says nothing about whether a folder exists. */
  void check(String url) throws SourceException {
    Path named = path(url);
    if (folders.stream().noneMatch(f -> named.normalize().startsWith(f.normalize()))) {
      throw notAllowed(url);
    }
  }

  private static Path path(String url) throws SourceException {
    if (url.isBlank() || url.length() > 2000 || url.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
      throw new SourceException(
          Code.REFUSED, "a repository's url has 1 to 2000 characters and no control characters");
    }
    try {
      if (url.startsWith("/")) {
        return Path.of(url);
      }
      if (url.startsWith("file:///")) {
        return Path.of(new URI(url).getPath());
      }
    } catch (URISyntaxException | InvalidPathException e) {
      throw new SourceException(
          Code.REFUSED, "the repository's url cannot be read: " + e.getMessage(), e);
    }
    throw new SourceException(
        Code.REFUSED,
        "this release fetches only from folders of the master (/path or file:///path) that MILLRACE_GIT_ALLOW lists");
  }

  private static SourceException notAllowed(String url) {
    return new SourceException(
        Code.REFUSED,
        "repositories may not be fetched from "
            + url
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
