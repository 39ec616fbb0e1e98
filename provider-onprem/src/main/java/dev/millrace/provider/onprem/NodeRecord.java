package dev.millrace.provider.onprem;

import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.compute.Fault;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.NodeRequest;
import dev.millrace.spi.compute.WorkerRelease;
import java.net.URI;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import java.util.regex.Pattern;

/** What is kept of a node in its folder; the folder is this provider's cloud. */
record NodeRecord(
    String installation,
    String key,
    String group,
    String machine,
    Instant createdAt,
    URI masterUrl,
    int slots,
    WorkerRelease release,
    boolean releasing,
    Optional<Fault> fault) {

  private static final Pattern NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

  static NodeRecord of(NodeRequest request, String machine, int slots, Instant now)
      throws PluginException {
    if (!NAME.matcher(request.key()).matches()) {
      throw OnpremErrors.invalid(
          "A node's key is 1 to 63 lower-case letters, digits and inner hyphens");
    }
    return new NodeRecord(
        request.installation().value(),
        request.key(),
        request.group(),
        machine,
        now,
        request.worker().masterUrl(),
        slots,
        request.worker().release(),
        false,
        Optional.empty());
  }

  NodeId id() {
    return new NodeId(installation + "/" + key);
  }

  /** Installation and key of an id that this provider may have given; empty for any other. */
  static Optional<String[]> parts(NodeId id) {
    String[] parts = id.value().split("/", -1);
    return parts.length == 2 && NAME.matcher(parts[0]).matches() && NAME.matcher(parts[1]).matches()
        ? Optional.of(parts)
        : Optional.empty();
  }

  boolean belongsTo(InstallationId owner) {
    return installation.equals(owner.value());
  }

  NodeRecord released() {
    return new NodeRecord(
        installation, key, group, machine, createdAt, masterUrl, slots, release, true, fault);
  }

  NodeRecord failed(Fault why) {
    return new NodeRecord(
        installation,
        key,
        group,
        machine,
        createdAt,
        masterUrl,
        slots,
        release,
        releasing,
        Optional.of(why));
  }

  /** The same node, with an address of the release that has not expired. */
  NodeRecord from(URI master, WorkerRelease fresh) {
    return new NodeRecord(
        installation, key, group, machine, createdAt, master, slots, fresh, releasing, fault);
  }

  Properties properties() {
    Properties text = new Properties();
    text.setProperty("installation", installation);
    text.setProperty("key", key);
    text.setProperty("group", group);
    text.setProperty("machine", machine);
    text.setProperty("createdAt", createdAt.toString());
    text.setProperty("masterUrl", masterUrl.toString());
    text.setProperty("slots", Integer.toString(slots));
    text.setProperty("release.version", release.version());
    text.setProperty("release.url", release.url().toString());
    text.setProperty("release.sha256", release.sha256());
    text.setProperty("releasing", Boolean.toString(releasing));
    fault.ifPresent(
        why -> {
          text.setProperty("fault.kind", why.kind().name());
          text.setProperty("fault.message", why.message());
        });
    return text;
  }

  /** Reads what {@link #properties} wrote; IllegalArgumentException when something is missing. */
  static NodeRecord read(Properties text) {
    String kind = text.getProperty("fault.kind");
    return new NodeRecord(
        needed(text, "installation"),
        needed(text, "key"),
        needed(text, "group"),
        needed(text, "machine"),
        Instant.parse(needed(text, "createdAt")),
        URI.create(needed(text, "masterUrl")),
        Integer.parseInt(needed(text, "slots")),
        new WorkerRelease(
            needed(text, "release.version"),
            URI.create(needed(text, "release.url")),
            needed(text, "release.sha256")),
        Boolean.parseBoolean(needed(text, "releasing")),
        kind == null
            ? Optional.empty()
            : Optional.of(
                new Fault(
                    PluginException.Kind.valueOf(kind), text.getProperty("fault.message", ""))));
  }

  private static String needed(Properties text, String name) {
    String value = text.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException("node record without " + name);
    }
    return value;
  }
}
