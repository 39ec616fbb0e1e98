package dev.millrace.provider.onprem;

import dev.millrace.provider.onprem.OnpremErrors.BadRelease;
import dev.millrace.spi.compute.WorkerRelease;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLConnection;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.HttpsURLConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Worker releases, each fetched, checked and unpacked once, in a folder named by its hash. */
final class Releases {
  private static final Logger LOG = LoggerFactory.getLogger(Releases.class);
  private static final String PROGRAM = "bin/millrace-worker";
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final long MAX_BYTES = 1L << 30;
  private static final int TIMEOUT_MILLIS = 30_000;
  private static final long LONGEST_FETCH = TimeUnit.MINUTES.toNanos(10);
  private static final long UNPACK_SECONDS = 120;

  private final Path root;
  private final @Nullable Path caFile;

  /**
   * @param caFile the authority (PEM) that made the master's certificate; null for the system's
   *     ones
   */
  Releases(Path root, @Nullable Path caFile) {
    this.root = root;
    this.caFile = caFile;
  }

  /**
   * The program of a release. IOException when that may work later, BadRelease when it never will.
   */
  Path program(WorkerRelease release) throws IOException, BadRelease {
    Path folder = root.resolve(release.sha256());
    if (!Files.isDirectory(folder)) {
      fetch(release, folder);
    }
    Path program = find(folder);
    if (program == null) {
      throw new BadRelease(
          "The worker's archive of version " + release.version() + " has no " + PROGRAM);
    }
    return program;
  }

  /** Whether the release is here already. */
  boolean has(WorkerRelease release) {
    return Files.isDirectory(root.resolve(release.sha256()));
  }

  /** Removes every release but these, and what interrupted fetches have left an hour ago. */
  void keep(Set<String> hashes) throws IOException {
    Instant old = Instant.now().minus(Duration.ofHours(1));
    for (Path folder : NodeFolders.children(root)) {
      boolean release = HASH.matcher(folder.getFileName().toString()).matches();
      boolean wanted = hashes.contains(folder.getFileName().toString());
      if (release ? !wanted : Files.getLastModifiedTime(folder).toInstant().isBefore(old)) {
        NodeFolders.delete(folder);
      }
    }
  }

  private static @Nullable Path find(Path folder) throws IOException {
    Path direct = folder.resolve(PROGRAM);
    if (Files.isExecutable(direct)) {
      return direct;
    }
    for (Path child : NodeFolders.children(folder)) {
      if (Files.isExecutable(child.resolve(PROGRAM))) {
        return child.resolve(PROGRAM);
      }
    }
    return null;
  }

  private void fetch(WorkerRelease release, Path folder) throws IOException, BadRelease {
    Files.createDirectories(root);
    Path work = Files.createDirectory(root.resolve("part-" + UUID.randomUUID()));
    try {
      Path archive = work.resolve("archive");
      String hash = load(release.url(), archive);
      if (!hash.equals(release.sha256())) {
        throw new BadRelease(
            "The worker's archive of version "
                + release.version()
                + " is not the one that was announced: its SHA-256 is "
                + hash
                + " and not "
                + release.sha256());
      }
      Path unpacked = Files.createDirectory(work.resolve("unpacked"));
      unpack(archive, unpacked, release);
      try {
        Files.move(unpacked, folder, StandardCopyOption.ATOMIC_MOVE);
        LOG.info("event=release_unpacked version={} sha256={}", release.version(), hash);
      } catch (FileSystemException e) {
        if (!Files.isDirectory(folder)) {
          throw e;
        }
        // Another master was quicker; what it unpacked has the same hash.
      }
    } finally {
      NodeFolders.delete(work);
    }
  }

  /** Copies the archive and answers its SHA-256. The address may be signed: it is never logged. */
  private String load(URI url, Path to) throws IOException, BadRelease {
    MessageDigest sha256 = sha256();
    long end = System.nanoTime() + LONGEST_FETCH;
    try (InputStream in = open(url);
        OutputStream out = Files.newOutputStream(to)) {
      byte[] buffer = new byte[1 << 16];
      long total = 0;
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        total += n;
        if (total > MAX_BYTES) {
          throw new BadRelease("The worker's archive is larger than 1 GiB");
        }
        if (System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
          throw new IOException("fetching the worker's archive took longer than 10 minutes");
        }
        sha256.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private InputStream open(URI url) throws IOException, BadRelease {
    String scheme = String.valueOf(url.getScheme());
    if (scheme.equals("file")) {
      return file(Path.of(url));
    }
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new BadRelease("The worker's archive is at an address that is neither http nor file");
    }
    URLConnection connection = url.toURL().openConnection();
    connection.setConnectTimeout(TIMEOUT_MILLIS);
    connection.setReadTimeout(TIMEOUT_MILLIS);
    if (caFile != null && connection instanceof HttpsURLConnection https) {
      https.setSSLSocketFactory(MasterTrust.of(caFile));
    }
    try {
      if (connection instanceof HttpURLConnection http && http.getResponseCode() != 200) {
        int status = http.getResponseCode();
        http.disconnect();
        throw new IOException(
            "the worker's archive could not be fetched: " + url.getHost() + " answered " + status);
      }
      return connection.getInputStream();
    } catch (ConnectException | SocketTimeoutException e) {
      throw new IOException("the worker's archive could not be fetched from " + url.getHost(), e);
    }
  }

  private static InputStream file(Path archive) throws IOException {
    try {
      return Files.newInputStream(archive);
    } catch (NoSuchFileException e) {
      throw new IOException("the worker's archive " + archive + " is missing", e);
    }
  }

  private static void unpack(Path archive, Path to, WorkerRelease release)
      throws IOException, BadRelease {
    Process tar =
        new ProcessBuilder(
                List.of("tar", "-xzf", archive.toString(), "-C", to.toString(), "--no-same-owner"))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!tar.waitFor(UNPACK_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("unpacking the worker's archive took longer than 2 minutes");
      }
      if (tar.exitValue() != 0) {
        if (Files.getFileStore(to).getUsableSpace() < 4 * Files.size(archive)) {
          throw new IOException("there is too little space to unpack the worker in " + to);
        }
        throw new BadRelease(
            "The worker's archive of version " + release.version() + " cannot be unpacked by tar");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("unpacking the worker's archive was interrupted", e);
    } finally {
      tar.destroyForcibly();
    }
    try (Stream<Path> made = Files.list(to)) {
      if (made.findAny().isEmpty()) {
        throw new BadRelease("The worker's archive is empty");
      }
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
