package dev.millrace.engine.service;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Checks an uploaded gzip'd tar without unpacking it, so that what a worker unpacks later stays in
 * its folder, and reads the configuration out of it.
 */
final class CodePackage {
  /** The archive must not be unpacked, or is none; the message says why, for users. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  /** What an archive may hold. */
  record Limits(int entries, long bytes, long freeBytes, int ratio) {
    /** 100,000 members and 4 GiB; past the first 64 MiB at most 200 times the packed size. */
    static final Limits DEFAULT = new Limits(100_000, 4L << 30, 64L << 20, 200);
  }

  private static final int MAX_CONFIG_BYTES = 1 << 20;
  private static final int MAX_LINKS = 40;
  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final Limits limits;
  private final Set<String> files = new HashSet<>();
  private final Map<String, String> links = new HashMap<>();

  private CodePackage(Path file, Limits limits) {
    this.file = file;
    this.limits = limits;
  }

  /** The text of the file at {@code wanted}, or empty if there is none; refuses unsafe archives. */
  static Optional<String> read(Path file, String wanted, Limits limits)
      throws Refused, IOException {
    CodePackage archive = new CodePackage(file, limits);
    archive.check();
    Optional<String> resolved = archive.resolve(split(wanted));
    if (resolved.isEmpty() || !archive.files.contains(resolved.get())) {
      return Optional.empty();
    }
    return Optional.of(archive.text(resolved.get()));
  }

  private void check() throws Refused, IOException {
    long packed = Files.size(file);
    long most =
        Math.min(limits.bytes(), Math.max(limits.freeBytes(), packed * (long) limits.ratio()));
    int entries = 0;
    Set<String> seen = new HashSet<>();
    try (InputStream in = open()) {
      TarEntries tar = new TarEntries(in, most);
      for (Optional<TarEntries.Entry> next = tar.next(); next.isPresent(); next = tar.next()) {
        if (++entries > limits.entries()) {
          throw new Refused("it holds more than " + limits.entries() + " files");
        }
        check(next.get(), seen);
      }
    } catch (ZipException | EOFException e) {
      throw new Refused("it is no whole gzip'd tar archive: " + e.getMessage());
    } catch (IOException e) {
      throw new Refused("it cannot be used: " + e.getMessage());
    }
    for (String name : seen) {
      refuseBelowLink(name);
    }
    for (Map.Entry<String, String> link : links.entrySet()) {
      if (resolve(split(link.getKey())).isEmpty()) {
        throw new Refused(
            "the link " + show(link.getKey()) + " leaves the tree or goes in circles");
      }
    }
  }

  private void check(TarEntries.Entry entry, Set<String> seen) throws Refused {
    String name = safe(entry.name());
    if (name.isEmpty()) {
      if (entry.type() == '5') {
        return;
      }
      throw new Refused("it holds a member without a name");
    }
    if (!seen.add(name) && entry.type() != '5') {
      throw new Refused("it holds " + show(name) + " twice");
    }
    switch (entry.type()) {
      case 0, '0', '7' -> files.add(name);
      case '5' -> {
        // A folder: nothing more to know.
      }
      case '2' -> {
        if (entry.link().isEmpty() || entry.link().startsWith("/")) {
          throw new Refused("the link " + show(name) + " leads to an absolute path");
        }
        links.put(name, entry.link());
      }
      case '1' -> {
        if (!files.contains(safe(entry.link()))) {
          throw new Refused(
              "the hard link " + show(name) + " leads to no earlier file of the archive");
        }
        files.add(name);
      }
      case '3', '4', '6' ->
          throw new Refused(show(name) + " is a device or a pipe; only files may be packed");
      default ->
          throw new Refused(
              show(name) + " is of a kind (" + (int) entry.type() + ") that is not supported");
    }
  }

  /** Extracting a member below a link would write through it. */
  private void refuseBelowLink(String name) throws Refused {
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      String parent = name.substring(0, slash);
      if (links.containsKey(parent) || files.contains(parent)) {
        throw new Refused(show(name) + " lies below " + show(parent) + ", which is no folder");
      }
    }
  }

  /** Follows links as a file system would; empty when that leaves the tree or never ends. */
  private Optional<String> resolve(List<String> path) {
    Deque<String> todo = new ArrayDeque<>(path);
    List<String> at = new ArrayList<>();
    int followed = 0;
    while (!todo.isEmpty()) {
      String part = todo.pop();
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.equals("..")) {
        if (at.isEmpty()) {
          return Optional.empty();
        }
        at.remove(at.size() - 1);
        continue;
      }
      at.add(part);
      String target = links.get(String.join("/", at));
      if (target != null) {
        if (++followed > MAX_LINKS) {
          return Optional.empty();
        }
        at.remove(at.size() - 1);
        List<String> parts = split(target);
        for (int i = parts.size() - 1; i >= 0; i--) {
          todo.push(parts.get(i));
        }
      }
    }
    return Optional.of(String.join("/", at));
  }

  private String text(String name) throws Refused, IOException {
    try (InputStream in = open()) {
      TarEntries tar = new TarEntries(in, limits.bytes());
      for (Optional<TarEntries.Entry> next = tar.next(); next.isPresent(); next = tar.next()) {
        TarEntries.Entry entry = next.get();
        if (entry.file() && safe(entry.name()).equals(name)) {
          if (entry.size() > MAX_CONFIG_BYTES) {
            throw new Refused(show(name) + " is larger than 1 MiB");
          }
          return decode(name, tar.content(MAX_CONFIG_BYTES));
        }
      }
    }
    throw new Refused(show(name) + " is a hard link; pack it as a file");
  }

  private static String decode(String name, byte[] bytes) throws Refused {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new Refused(show(name) + " is not UTF-8 text");
    }
  }

  private InputStream open() throws IOException {
    InputStream raw = Files.newInputStream(file);
    try {
      return new BufferedInputStream(new GZIPInputStream(raw, BUFFER), BUFFER);
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  /** The name without {@code ./} and doubled slashes; refuses what points outside. */
  private static String safe(String name) throws Refused {
    if (name.startsWith("/")) {
      throw new Refused(show(name) + " is an absolute name; pack with names relative to the root");
    }
    if (name.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
      throw new Refused("the name " + show(name) + " has control characters");
    }
    List<String> parts = new ArrayList<>();
    for (String part : split(name)) {
      if (part.equals("..")) {
        throw new Refused("the name " + show(name) + " has '..' in it");
      }
      if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }

  private static List<String> split(String path) {
    return Arrays.asList(path.split("/", -1));
  }

  private static String show(String name) {
    String clean = name.replaceAll("\\p{Cntrl}", "?");
    return "\"" + (clean.length() > 200 ? clean.substring(0, 200) + "…" : clean) + "\"";
  }
}
