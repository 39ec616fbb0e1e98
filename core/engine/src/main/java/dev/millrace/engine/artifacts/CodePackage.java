package dev.millrace.engine.artifacts;

import dev.millrace.engine.domain.ArchiveLimits;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Checks a tar, gzip'd or not, without unpacking it, so that what a worker unpacks later stays in
 * its folder and within limits, and reads the configuration out of it. The bytes of files pass by;
 * names are kept, and bounded.
 */
public final class CodePackage {
  /** The archive must not be unpacked, or is none; the message says why, for users. */
  public static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    Refused(String message) {
      super(message);
    }
  }

  private static final int MAX_CONFIG_BYTES = 1 << 20;
  private static final int MAX_LINKS = 40;
  private static final int BUFFER = 1 << 16;
  private static final int MAX_NAME = 4_000;
  private static final int MAX_DEPTH = 200;
  private static final long MAX_NAMES = 32L << 20;

  /** What following links may cost, in characters looked at and {@link #STEP} for each part. */
  private static final long MAX_STEPS = 200L << 20;

  private static final int STEP = 8;

  /** Set-user-id, set-group-id and sticky. */
  private static final int SPECIAL_MODES = 07000;

  private final Path file;
  private final ArchiveLimits limits;
  private final boolean upload;
  private final Set<String> files = new HashSet<>();
  private final Map<String, String> links = new HashMap<>();
  private long nameChars;
  private long steps;

  private CodePackage(Path file, ArchiveLimits limits, boolean upload) {
    this.file = file;
    this.limits = limits;
    this.upload = upload;
  }

  /**
   * Refuses an archive of a commit that must not be unpacked. Names that differ only in case pass:
   * Git has them, and workers keep them apart.
   */
  public static void check(Path file, ArchiveLimits limits) throws Refused, IOException {
    new CodePackage(file, limits, false).check();
  }

  /**
   * The text of the file at {@code wanted} in an uploaded archive, or empty if there is none;
   * refuses unsafe archives.
   */
  public static Optional<String> read(Path file, String wanted, ArchiveLimits limits)
      throws Refused, IOException {
    CodePackage archive = new CodePackage(file, limits, true);
    archive.check();
    Optional<String> resolved = archive.resolve(split(wanted));
    if (resolved.isEmpty() || !archive.files.contains(resolved.get())) {
      return Optional.empty();
    }
    return Optional.of(archive.text(resolved.get()));
  }

  private void check() throws Refused, IOException {
    long most = limits.most(Files.size(file));
    int entries = 0;
    Set<String> seen = new HashSet<>();
    Set<String> folded = new HashSet<>();
    try (InputStream in = open()) {
      TarEntries tar = new TarEntries(in, most);
      for (Optional<TarEntries.Entry> next = tar.next(); next.isPresent(); next = tar.next()) {
        if (++entries > limits.entries()) {
          throw new Refused("it holds more than " + limits.entries() + " files");
        }
        check(next.get(), seen, folded);
      }
      tar.drain();
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

  private void check(TarEntries.Entry entry, Set<String> seen, Set<String> folded) throws Refused {
    String name = safe(entry.name());
    if (name.isEmpty()) {
      if (entry.type() == '5') {
        return;
      }
      throw new Refused("it holds a member without a name");
    }
    nameChars += name.length() + entry.link().length();
    if (nameChars > MAX_NAMES) {
      throw new Refused("its names are longer than " + MAX_NAMES + " characters together");
    }
    boolean fresh = seen.add(name);
    if (!fresh && entry.type() != '5') {
      throw new Refused("it holds " + show(name) + " twice");
    }
    if (upload && fresh && !folded.add(name.toLowerCase(Locale.ROOT))) {
      throw new Refused(
          "it holds " + show(name) + " and another name that differs only in upper and lower case");
    }
    if (entry.file() && (entry.mode() & SPECIAL_MODES) != 0) {
      throw new Refused(
          show(name) + " has a set-user-id, set-group-id or sticky bit; take it away by chmod");
    }
    switch (entry.type()) {
      case 0, '0', '7' -> files.add(name);
      case '5' -> {
        // A folder: nothing more to know.
      }
      case '2' -> {
        if (entry.link().length() > MAX_NAME) {
          throw new Refused("the link " + show(name) + " leads to a path that is too long");
        }
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
  private Optional<String> resolve(List<String> path) throws Refused {
    Deque<String> todo = new ArrayDeque<>(path);
    List<String> at = new ArrayList<>();
    int followed = 0;
    while (!todo.isEmpty()) {
      String part = todo.pop();
      steps += STEP;
      if (steps > MAX_STEPS) {
        throw new Refused("its links are too many and too tangled to be followed");
      }
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
      String here = String.join("/", at);
      steps += here.length();
      String target = links.get(here);
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
      TarEntries tar = new TarEntries(in, Long.MAX_VALUE);
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
      PushbackInputStream in = new PushbackInputStream(raw, 2);
      byte[] magic = in.readNBytes(2);
      in.unread(magic);
      boolean gzip = magic.length == 2 && magic[0] == 0x1f && (magic[1] & 0xff) == 0x8b;
      if (upload && !gzip) {
        throw new ZipException("not in gzip format");
      }
      return new BufferedInputStream(gzip ? new GZIPInputStream(in, BUFFER) : in, BUFFER);
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
    if (name.length() > MAX_NAME) {
      throw new Refused("the name " + show(name) + " is longer than " + MAX_NAME + " characters");
    }
    List<String> parts = new ArrayList<>();
    for (String part : split(name)) {
      if (parts.size() == MAX_DEPTH || part.length() > 255) {
        throw new Refused(
            "the name " + show(name) + " has too many folders in it, or too long a part");
      }
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
