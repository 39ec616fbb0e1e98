package dev.millrace.source.git;

import dev.millrace.engine.source.SourceException;
import dev.millrace.engine.source.SourceException.Code;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import org.apache.sshd.client.config.hosts.KnownHostEntry;
import org.apache.sshd.common.config.keys.AuthorizedKeyEntry;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.config.keys.PublicKeyEntryResolver;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.jspecify.annotations.Nullable;

/**
 * The keys by which one SSH server is known: from the operator's file of known hosts, and from the
 * repository itself. A server without one is refused; none is ever learned by connecting.
 */
final class HostKeys {
  private static final int MOST_LINES = 20;

  private final List<PublicKey> known = new ArrayList<>();
  private final List<PublicKey> revoked = new ArrayList<>();

  private HostKeys() {}

  /** Of {@code host}; the file need not exist, and is read anew each time. */
  static HostKeys of(String host, int port, Path knownHosts, String own) throws SourceException {
    HostKeys keys = new HostKeys();
    if (Files.exists(knownHosts)) {
      try {
        for (KnownHostEntry entry : entries(Files.readString(knownHosts))) {
          keys.add(entry, host, port);
        }
      } catch (IOException e) {
        throw new SourceException(
            Code.UNAVAILABLE,
            "the file of known hosts " + knownHosts + " cannot be read; tell the operator",
            e);
      }
    }
    keys.known.addAll(parse(own));
    return keys;
  }

  /** Keys, one on a line; a host name in front of one, as in known hosts, is left out. */
  static List<PublicKey> parse(String text) throws SourceException {
    List<PublicKey> keys = new ArrayList<>();
    for (String raw : text.split("\\R", -1)) {
      String line = raw.strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (keys.size() == MOST_LINES) {
        throw new SourceException(Code.REFUSED, "At most " + MOST_LINES + " host keys are kept");
      }
      keys.add(parseLine(line));
    }
    return keys;
  }

  private static PublicKey parseLine(String line) throws SourceException {
    String[] words = line.split("\\s+", -1);
    int type = words.length > 2 && words[1].matches("(ssh|ecdsa|sk)-\\S+") ? 1 : 0;
    try {
      if (words.length > type + 1 && !line.startsWith("@")) {
        PublicKeyEntry entry =
            PublicKeyEntry.parsePublicKeyEntry(words[type] + " " + words[type + 1]);
        PublicKey key = entry.resolvePublicKey(null, null, PublicKeyEntryResolver.FAILING);
        if (key != null) {
          return key;
        }
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      throw bad(line, e);
    }
    throw bad(line, null);
  }

  private static SourceException bad(String line, @Nullable Exception cause) {
    return new SourceException(
        Code.REFUSED,
        "\""
            + (line.length() > 40 ? line.substring(0, 40) + "…" : line)
            + "\" is no host key; give lines such as \"ssh-ed25519 AAAA…\", as ssh-keyscan prints"
            + " them",
        cause);
  }

  private static List<KnownHostEntry> entries(String text) throws IOException {
    try (BufferedReader reader = new BufferedReader(new StringReader(text))) {
      return KnownHostEntry.readKnownHostEntries(reader);
    }
  }

  private void add(KnownHostEntry entry, String host, int port) throws IOException {
    String marker = entry.getMarker();
    AuthorizedKeyEntry line = entry.getKeyEntry();
    // Host certificates are not used: their lines count for nothing.
    if (line == null || "cert-authority".equals(marker) || !entry.isHostMatch(host, port)) {
      return;
    }
    try {
      PublicKey key = line.resolvePublicKey(null, PublicKeyEntryResolver.IGNORING);
      if (key != null) {
        ("revoked".equals(marker) ? revoked : known).add(key);
      }
    } catch (GeneralSecurityException e) {
      throw new IOException("a line of known hosts cannot be read: " + e.getMessage(), e);
    }
  }

  boolean isEmpty() {
    return known.isEmpty();
  }

  boolean accept(PublicKey key) {
    return known.stream().anyMatch(k -> KeyUtils.compareKeys(k, key))
        && revoked.stream().noneMatch(k -> KeyUtils.compareKeys(k, key));
  }

  /** Their types, such as {@code ssh-ed25519}: a server is asked for one of these first. */
  List<String> types() {
    return known.stream().map(KeyUtils::getKeyType).distinct().toList();
  }

  /** The fingerprint as OpenSSH prints it. */
  static String fingerprint(PublicKey key) {
    return KeyUtils.getKeyType(key) + " " + KeyUtils.getFingerPrint(BuiltinDigests.sha256, key);
  }

  /** The key's line, for {@code known_hosts} and the repository. */
  static String line(PublicKey key) {
    return PublicKeyEntry.toString(key);
  }
}
