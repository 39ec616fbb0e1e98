package dev.millrace.worker.docker;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import dev.millrace.worker.runtime.RunFolder;
import dev.millrace.worker.wire.Wire;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images that this worker has pulled: when they take too much of the engine's disk, those that
 * were not used for longest go, unless a run of this worker or any container needs them. Images
 * that others brought are never touched.
 */
public final class ImageCache {
  private static final Logger LOG = LoggerFactory.getLogger(ImageCache.class);
  private static final TypeReference<TreeMap<String, Pulled>> PULLED = new TypeReference<>() {};

  /** What is remembered of one pulled image, by the name it was pulled by. */
  record Pulled(String id, long bytes, long usedMillis) {}

  /** At most so many bytes, and so much of the disk that the engine keeps its images on. */
  public record Limits(long bytes, int percent) {}

  private final Path file;
  private final Path runs;
  private final Limits limits;
  private final ObjectMapper json;
  private final Clock clock;
  private final List<String> coming = new ArrayList<>();

  /** Remembers in {@code folder}, whose runs hold the images that they name. */
  public ImageCache(Path folder, Limits limits, ObjectMapper json, Clock clock) {
    this.file = folder.resolve("images.json");
    this.runs = folder.resolve("runs");
    this.limits = limits;
    this.json = json;
    this.clock = clock;
  }

  /** Holds an image while a run brings it; what is held by a run's folder comes after. */
  synchronized void coming(String name) {
    coming.add(name);
  }

  /** The run has its image, or will never have it. */
  synchronized void came(String name) {
    coming.remove(name);
  }

  /** A run uses the image; {@code pulled} says that it was not there before. */
  synchronized void used(String name, String id, long bytes, boolean pulled) throws IOException {
    Map<String, Pulled> all = read();
    if (pulled || all.containsKey(name)) {
      all.put(name, new Pulled(id, bytes, clock.millis()));
      write(all);
    }
  }

  /** Removes what is too much. */
  synchronized void trim(Engine engine) throws IOException {
    Map<String, Pulled> all = read();
    long most = most(engine);
    long total = total(all);
    Set<String> held = total > most ? held() : Set.of();
    List<Map.Entry<String, Pulled>> oldest = new ArrayList<>(all.entrySet());
    oldest.sort(Comparator.comparing(e -> e.getValue().usedMillis()));
    for (Map.Entry<String, Pulled> image : oldest) {
      if (total(all) <= most) {
        break;
      }
      if (!coming.contains(image.getKey()) && !held.contains(image.getValue().id())) {
        if (removed(engine, image.getKey())) {
          all.remove(image.getKey());
        }
      }
    }
    write(all);
  }

  private static boolean removed(Engine engine, String name) throws IOException {
    try {
      engine.call(client -> client.removeImageCmd(name).withForce(false).exec());
      LOG.info("image removed, others were used later name={}", name);
      return true;
    } catch (NotFoundException e) {
      return true;
    } catch (ConflictException e) {
      LOG.info("image stays, a container uses it name={}", name);
      return false;
    } catch (DockerException e) {
      LOG.warn("image stays name={} error={}", name, RunImages.words(e.getMessage()));
      return false;
    }
  }

  /** Names that share one image share its bytes; layers that images share are counted twice. */
  private static long total(Map<String, Pulled> all) {
    Map<String, Long> sizes = new TreeMap<>();
    all.values().forEach(p -> sizes.put(p.id(), p.bytes()));
    return sizes.values().stream().mapToLong(Long::longValue).sum();
  }

  private long most(Engine engine) throws IOException {
    String root = engine.call(client -> client.infoCmd().exec()).getDockerRootDir();
    Path place = root == null ? file : Path.of(root);
    // An engine in another mount namespace: the worker's own disk is the best guess.
    Path disk = Files.exists(place) ? place : file.getParent();
    return Math.min(
        limits.bytes(), Files.getFileStore(disk).getTotalSpace() / 100 * limits.percent());
  }

  private Set<String> held() throws IOException {
    Set<String> ids = new HashSet<>();
    try (Stream<Path> folders = Files.list(runs)) {
      for (Path run : (Iterable<Path>) folders::iterator) {
        Path image = DockerRuntime.imageFile(new RunFolder(run));
        if (Files.exists(image)) {
          String id = json.readValue(Files.readAllBytes(image), Wire.RunImage.class).id();
          if (id != null) {
            ids.add(id);
          }
        }
      }
    }
    return ids;
  }

  private Map<String, Pulled> read() throws IOException {
    return Files.exists(file) ? json.readValue(Files.readAllBytes(file), PULLED) : new TreeMap<>();
  }

  private void write(Map<String, Pulled> all) throws IOException {
    RunFolder.writePrivate(file, json.writeValueAsBytes(all));
  }
}
