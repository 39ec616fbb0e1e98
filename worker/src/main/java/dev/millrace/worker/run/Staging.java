package dev.millrace.worker.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.worker.runtime.Layout;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.transfer.AddressGuard;
import dev.millrace.worker.transfer.CodeArchive;
import dev.millrace.worker.transfer.Download;
import dev.millrace.worker.transfer.Hashes;
import dev.millrace.worker.transfer.InputCache;
import dev.millrace.worker.transfer.TransferException;
import dev.millrace.worker.wire.Assignment;
import dev.millrace.worker.wire.SignedRequest;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings code and inputs into the run's folder, in parallel, and writes what describes them. */
final class Staging {
  private static final int PARALLEL = 6;

  /** Where bytes come from. */
  record Sources(Download signed, Download plain, InputCache cache) {}

  /** Asks the master for fresh signed requests. */
  @FunctionalInterface
  interface Renewal {
    Wire.Transferable renew(Wire.Transfers wanted) throws IOException, InterruptedException;
  }

  private record Fetched(Assignment.InputFile file, String path, Hashes hashes) {}

  private final Assignment assignment;
  private final RunFolder folder;
  private final Layout layout;
  private final Sources sources;
  private final Renewal renewal;
  private final Consumer<String> status;

  Staging(
      Assignment assignment,
      RunFolder folder,
      Layout layout,
      Sources sources,
      Renewal renewal,
      Consumer<String> status) {
    this.assignment = assignment;
    this.folder = folder;
    this.layout = layout;
    this.sources = sources;
    this.renewal = renewal;
    this.status = status;
  }

  /** Fetches and unpacks everything; answers the content of inputs.json. */
  ObjectNode bring(ObjectMapper json) throws RunFailure, IOException, InterruptedException {
    ExecutorService pool =
        Executors.newFixedThreadPool(
            PARALLEL,
            task -> {
              Thread thread = new Thread(task, "fetch-" + assignment.executionId());
              thread.setDaemon(true);
              return thread;
            });
    try {
      Future<?> code =
          pool.submit(
              () -> {
                code();
                return null;
              });
      ObjectNode described = json.createObjectNode();
      List<List<Future<Fetched>>> waiting = new ArrayList<>();
      for (Assignment.Input input : assignment.inputs()) {
        List<Future<Fetched>> files = new ArrayList<>();
        for (Assignment.InputFile file : input.files()) {
          files.add(pool.submit(() -> input(input, file)));
        }
        waiting.add(files);
      }
      result(code);
      for (int i = 0; i < waiting.size(); i++) {
        Assignment.Input input = assignment.inputs().get(i);
        List<Fetched> files = new ArrayList<>();
        for (Future<Fetched> file : waiting.get(i)) {
          files.add(result(file));
        }
        described.set(input.name(), describe(json, input, files));
      }
      return described;
    } finally {
      pool.shutdownNow();
    }
  }

  private static <T> T result(Future<T> future)
      throws RunFailure, IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RunFailure failure) {
        throw failure;
      }
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException("fetching failed: " + e.getCause(), e);
    }
  }

  private void code() throws RunFailure, IOException, InterruptedException {
    Assignment.Code code = assignment.code();
    if (code == null) {
      return;
    }
    Path archive = folder.root().resolve("code.archive");
    boolean same = false;
    try {
      Hashes hashes =
          renewing(
              code.download(),
              () -> {
                SignedRequest fresh = renewal.renew(new Wire.Transfers(true, List.of())).code();
                return fresh;
              },
              archive);
      same = code.sha256().equals(hashes.sha256());
      CodeArchive packed = new CodeArchive(archive, code.limits());
      String tar = packed.unpackInto(folder.repository());
      if (!same && !code.sha256().equals(tar)) {
        throw otherBytes(code);
      }
      status.accept("Code unpacked (%d bytes, sha256 %s)".formatted(hashes.size(), code.sha256()));
      packed.notices(folder.repository()).forEach(status);
    } catch (TransferException e) {
      throw new RunFailure("input", "The code could not be brought here: " + e.getMessage());
    } catch (java.util.zip.ZipException | java.io.EOFException e) {
      throw same
          ? new RunFailure("input", "The code archive is damaged: " + e.getMessage())
          : otherBytes(code);
    } finally {
      Files.deleteIfExists(archive);
    }
  }

  private static RunFailure otherBytes(Assignment.Code code) {
    return new RunFailure(
        "checksum",
        "The code archive has other bytes than its commit says (expected SHA-256 "
            + code.sha256()
            + "). Somebody changed it in the store: restore it, or fetch the commit again and submit"
            + " the execution anew.");
  }

  private Fetched input(Assignment.Input input, Assignment.InputFile file)
      throws RunFailure, IOException, InterruptedException {
    String name = "input '" + input.name() + "', file '" + file.name() + "'";
    Path target = target(input, file);
    String owner = owner();
    String known = file.checksums() == null ? null : file.checksums().sha256();
    try {
      if (known != null && !flag("VH_NO_DATA_CACHE")) {
        Optional<Hashes> kept = sources.cache().take(owner, known, target);
        if (kept.isPresent()) {
          return arrived(input, file, kept.get(), "from the cache");
        }
      }
      Path part = sources.cache().scratch();
      try {
        Hashes hashes = fetch(file, part);
        check(file, hashes, name);
        sources.cache().put(owner, hashes, part, target);
        return arrived(input, file, hashes, "downloaded");
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (TransferException | AddressGuard.Refused e) {
      throw new RunFailure("input", "The " + name + ": " + e.getMessage());
    }
  }

  private Hashes fetch(Assignment.InputFile file, Path part)
      throws IOException, InterruptedException {
    String datum = file.datumId();
    if (file.download() != null || datum != null) {
      return renewing(
          file.download(),
          () -> {
            if (datum == null) {
              return null;
            }
            Map<String, SignedRequest> fresh =
                renewal.renew(new Wire.Transfers(false, List.of(datum))).inputs();
            return fresh == null ? null : fresh.get(datum);
          },
          part);
    }
    if (file.uri() == null) {
      throw new TransferException("it has no address. Submit the execution anew.");
    }
    return sources.plain().fetch(file.uri(), part);
  }

  /** How to get a fresh signed request. */
  @FunctionalInterface
  private interface Fresh {
    @Nullable SignedRequest ask() throws IOException, InterruptedException;
  }

  private Hashes renewing(@Nullable SignedRequest request, Fresh fresh, Path target)
      throws IOException, InterruptedException {
    SignedRequest first = request == null ? fresh.ask() : request;
    if (first == null) {
      throw new TransferException("the master gave no address for it. Submit the execution anew.");
    }
    try {
      return sources.signed().fetch(first, target);
    } catch (TransferException e) {
      SignedRequest second = e.mayBeExpired() ? fresh.ask() : null;
      if (second == null) {
        throw e;
      }
      return sources.signed().fetch(second, target);
    }
  }

  private static void check(Assignment.InputFile file, Hashes hashes, String name)
      throws RunFailure {
    Assignment.Checksums wanted = file.checksums();
    if (wanted == null) {
      return;
    }
    if (differs(wanted.sha256(), hashes.sha256())
        || differs(wanted.sha1(), hashes.sha1())
        || differs(wanted.md5(), hashes.md5())) {
      throw new RunFailure(
          "checksum",
          "The "
              + name
              + ": its bytes differ from those recorded for the datum. Somebody changed the file in"
              + " the store: restore it, or use another datum.");
    }
  }

  private static boolean differs(@Nullable String wanted, String found) {
    return wanted != null && !wanted.isEmpty() && !wanted.equalsIgnoreCase(found);
  }

  private Path target(Assignment.Input input, Assignment.InputFile file)
      throws RunFailure, IOException {
    Path root = folder.inputs().resolve(input.name()).normalize();
    Path target = root.resolve(file.name()).normalize();
    if (!folder.inputs().equals(root.getParent())
        || !target.startsWith(root)
        || target.equals(root)) {
      throw new RunFailure(
          "input",
          "The input '" + input.name() + "' has a file name that leaves its folder. Rename it.");
    }
    Path parent = target.getParent();
    Files.createDirectories(parent == null ? root : parent);
    return target;
  }

  private Fetched arrived(
      Assignment.Input input, Assignment.InputFile file, Hashes hashes, String how)
      throws RunFailure, IOException {
    if (!layout.protectedInputs() && layout.uid() < 0) {
      InputCache.unshare(target(input, file));
    }
    String path = layout.home() + "/inputs/" + input.name() + "/" + file.name();
    status.accept("%s: %s (%d bytes)".formatted(path, how, hashes.size()));
    status.accept("  md5: " + hashes.md5());
    status.accept("  sha1: " + hashes.sha1());
    status.accept("  sha256: " + hashes.sha256());
    return new Fetched(file, path, hashes);
  }

  private ObjectNode describe(ObjectMapper json, Assignment.Input input, List<Fetched> fetched) {
    ObjectNode node = json.createObjectNode();
    if (!fetched.isEmpty() && input.inputId() != null) {
      node.put("input_id", input.inputId());
    }
    ArrayNode files = node.putArray("files");
    for (Fetched one : fetched) {
      ObjectNode file = files.addObject();
      file.put("name", one.file().name());
      file.put("path", one.path());
      file.put("size", one.hashes().size());
      if (one.file().uri() != null) {
        file.put("uri", one.file().uri());
      }
      file.putObject("checksums")
          .put("md5", one.hashes().md5())
          .put("sha1", one.hashes().sha1())
          .put("sha256", one.hashes().sha256());
      ArrayNode metadata = file.putArray("metadata");
      if (one.file().metadata() != null) {
        metadata.addAll(one.file().metadata());
      }
      if (one.file().datumId() != null) {
        file.put("datum_id", one.file().datumId());
      }
      if (input.inputId() != null) {
        file.put("input_id", input.inputId());
      }
      file.put("download_intent", "always");
    }
    return node;
  }

  private boolean flag(String name) {
    return assignment.environment().stream()
        .anyMatch(v -> v.name().equals(name) && v.value().matches("(?i)1|yes|true"));
  }

  private String owner() {
    Assignment.Project project = assignment.project();
    return project == null || project.owner() == null ? "shared" : project.owner();
  }
}
