package dev.millrace.spi.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.InstallationId;
import dev.millrace.spi.common.Page;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.Secret;
import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.compute.Feature;
import dev.millrace.spi.compute.MachineType;
import dev.millrace.spi.compute.Node;
import dev.millrace.spi.compute.NodeId;
import dev.millrace.spi.compute.WorkerBoot;
import dev.millrace.spi.compute.WorkerRelease;
import java.math.BigDecimal;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every compute provider must do. The tests are final: a provider may decline a feature, never
 * a test. Each test has an installation of its own and releases what it rented.
 */
public abstract class ComputeProviderContract {
  private final InstallationId mine = installation();
  private final InstallationId theirs = installation();
  private final ExecutorService threads = Executors.newFixedThreadPool(8);
  private ComputeProvider provider;

  /** A new provider object for the same account, as after a restart. */
  protected abstract ComputeProvider open() throws Exception;

  /** Closes what {@link #open} made. */
  protected void close(ComputeProvider provider) throws Exception {}

  /** How many nodes the account can hold at a time; empty if it has no limit that a test meets. */
  protected OptionalInt capacity() {
    return OptionalInt.empty();
  }

  /** The machine type to rent in the tests. */
  protected String machineType() throws PluginException {
    return provider.machineTypes(call()).get(0).name();
  }

  /** An image that exists, for providers that declare {@link Feature#CUSTOM_IMAGE}. */
  protected String image() {
    return "";
  }

  /** A machine type with GPUs, for providers that declare {@link Feature#GPU}. */
  protected String gpuMachineType() throws PluginException {
    return provider.machineTypes(call()).stream()
        .filter(type -> type.gpus() > 0)
        .findFirst()
        .orElseThrow(() -> new AssertionError("GPU is declared and no machine type has one"))
        .name();
  }

  /** What the nodes of the tests start with. */
  protected WorkerBoot worker() {
    return new WorkerBoot(
        URI.create("http://127.0.0.1:9"),
        Secret.of("a-join-token-that-joins-nothing"),
        new WorkerRelease("0", URI.create("http://127.0.0.1:9/worker"), "0".repeat(64)),
        1);
  }

  @BeforeEach
  final void openTheProvider() throws Exception {
    provider = open();
  }

  @AfterEach
  final void releaseWhatWasRented() throws Exception {
    threads.shutdownNow();
    assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));
    for (InstallationId installation : List.of(mine, theirs)) {
      for (Node node : nodes(provider, installation)) {
        provider.release(node.id(), call());
      }
      Await.until("all nodes of the test are gone", () -> live(installation).isEmpty());
    }
    close(provider);
  }

  @Test
  final void askingTwiceWithOneKeyRentsOneNode() throws Exception {
    Node first = provider.ensure(request("once"), call());
    Node second = provider.ensure(request("once"), call());
    assertEquals(first.id(), second.id());
    awaitLive(Set.of("once"));
  }

  @Test
  final void askingFromManyThreadsWithOneKeyRentsOneNode() throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    List<Future<NodeId>> asks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      asks.add(
          threads.submit(
              () -> {
                start.await();
                return provider.ensure(request("crowd"), call()).id();
              }));
    }
    start.countDown();
    Set<NodeId> ids = new HashSet<>();
    for (Future<NodeId> ask : asks) {
      ids.add(ask.get(120, TimeUnit.SECONDS));
    }
    assertEquals(1, ids.size(), "one key, several nodes: " + ids);
    awaitLive(Set.of("crowd"));
  }

  @Test
  final void aNodeCarriesItsKeyAndItsGroup() throws Exception {
    Node rented = provider.ensure(request("marked"), call());
    assertEquals("marked", rented.key());
    assertEquals("group-a", rented.group());
    assertNotEquals(Node.State.FAILED, rented.state());
    awaitLive(Set.of("marked"));
    Node listed = live(mine).get(0);
    assertEquals(rented.id(), listed.id());
    assertEquals("marked", listed.key());
    assertEquals("group-a", listed.group());
    assertEquals(rented.createdAt(), listed.createdAt());
  }

  @Test
  final void whatEnsureReturnedIsListed() throws Exception {
    NodeId id = provider.ensure(request("seen"), call()).id();
    Await.until(
        "the node is listed",
        () -> nodes(provider, mine).stream().anyMatch(node -> node.id().equals(id)));
  }

  @Test
  final void theCloudIsTheRecordNotTheProvider() throws Exception {
    Node rented = provider.ensure(request("kept"), call());
    close(provider);
    provider = open();
    awaitLive(Set.of("kept"));
    assertEquals(rented.id(), provider.ensure(request("kept"), call()).id());
    provider.release(rented.id(), call());
    awaitLive(Set.of());
  }

  @Test
  final void listingSeesTheInstallationsNodesOnly() throws Exception {
    provider.ensure(request("mine"), call());
    awaitLive(Set.of("mine"));
    assertEquals(List.of(), nodes(provider, theirs));
  }

  @Test
  final void severalKeysAreSeveralNodesEachListedOnce() throws Exception {
    Set<String> keys = new HashSet<>();
    Set<NodeId> ids = new HashSet<>();
    for (int i = 0; i < Math.min(3, capacity().orElse(3)); i++) {
      keys.add("n-" + i);
      ids.add(provider.ensure(request("n-" + i), call()).id());
    }
    assertEquals(keys.size(), ids.size());
    awaitLive(keys);
  }

  @Test
  final void aFullAccountSaysSoAndRentsNothing() throws Exception {
    if (capacity().isEmpty()) {
      assertTrue(capacity().isEmpty(), "an account without a limit cannot be filled");
      return;
    }
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < capacity().getAsInt(); i++) {
      keys.add("n-" + i);
      provider.ensure(request("n-" + i), call());
    }
    PluginException e =
        assertThrows(PluginException.class, () -> provider.ensure(request("one-too-many"), call()));
    assertEquals(PluginException.Kind.EXHAUSTED, e.kind());
    awaitLive(keys);
    provider.ensure(request("n-0"), call());
  }

  @Test
  final void releasingTheUnknownSucceeds() throws Exception {
    provider.release(new NodeId("never-" + UUID.randomUUID()), call());
    assertEquals(List.of(), live(mine));
  }

  @Test
  final void aReleasedNodeGoesAndMayBeReleasedAgain() throws Exception {
    NodeId id = provider.ensure(request("short"), call()).id();
    provider.release(id, call());
    provider.release(id, call());
    awaitLive(Set.of());
    provider.release(id, call());
  }

  @Test
  final void releasingFromManyThreadsSucceeds() throws Exception {
    NodeId id = provider.ensure(request("crowd"), call()).id();
    List<Future<?>> releases = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      releases.add(
          threads.submit(
              () -> {
                provider.release(id, call());
                return null;
              }));
    }
    for (Future<?> release : releases) {
      release.get(120, TimeUnit.SECONDS);
    }
    awaitLive(Set.of());
  }

  @Test
  final void releasingOneLeavesTheOthers() throws Exception {
    if (capacity().orElse(2) < 2) {
      assertEquals(1, capacity().orElse(2));
      return;
    }
    NodeId first = provider.ensure(request("goes"), call()).id();
    provider.ensure(request("stays"), call());
    provider.release(first, call());
    awaitLive(Set.of("stays"));
  }

  @Test
  final void aFeatureNotDeclaredIsRefusedAndADeclaredOneIsNot() throws Exception {
    for (Feature feature : Feature.values()) {
      String key = "f-" + feature.ordinal();
      Request request =
          new Request(
              key,
              mine,
              "group-a",
              feature == Feature.GPU && declares(feature) ? gpuMachineType() : machineType(),
              Set.of(feature),
              feature == Feature.CUSTOM_IMAGE ? Optional.of(image()) : Optional.empty(),
              feature == Feature.SPOT ? Optional.of(new BigDecimal("1000")) : Optional.empty(),
              "#!/bin/sh\ntrue\n",
              worker());
      if (declares(feature)) {
        NodeId id = provider.ensure(request, call()).id();
        awaitLive(Set.of(key));
        provider.release(id, call());
      } else {
        PluginException e =
            assertThrows(PluginException.class, () -> provider.ensure(request, call()));
        assertEquals(PluginException.Kind.UNSUPPORTED, e.kind(), feature.name());
      }
      awaitLive(Set.of());
    }
  }

  @Test
  final void machineTypesHaveNamesOfTheirOwn() throws Exception {
    List<MachineType> types = provider.machineTypes(call());
    assertFalse(types.isEmpty());
    assertEquals(types.size(), types.stream().map(MachineType::name).distinct().count());
    assertTrue(
        declares(Feature.GPU) || types.stream().allMatch(type -> type.gpus() == 0),
        "a machine type has GPUs and GPU is not declared");
  }

  @Test
  final void anUnknownMachineTypeIsInvalidAndRentsNothing() throws Exception {
    Request request = request("odd", "no-such-type-" + UUID.randomUUID());
    PluginException e = assertThrows(PluginException.class, () -> provider.ensure(request, call()));
    assertEquals(PluginException.Kind.INVALID, e.kind());
    assertEquals(List.of(), live(mine));
  }

  @Test
  final void everyVerbReturnsWithinItsTime() throws Exception {
    CallContext call = call();
    provider.machineTypes(call);
    Node node = provider.ensure(request("quick"), call);
    provider.nodes(mine, Page.Cursor.START, call);
    provider.release(node.id(), call);
    assertFalse(call.remaining().isZero(), "the four verbs took more than their time");
  }

  @Test
  final void featuresStayTheSameAndAnUnknownRoleIsNotPlayed() {
    interface Unheard {}
    assertEquals(provider.features(), provider.features());
    assertEquals(Optional.empty(), provider.role(Unheard.class));
  }

  private boolean declares(Feature feature) {
    return provider.features().contains(feature);
  }

  private Request request(String key) throws PluginException {
    return request(key, machineType());
  }

  private Request request(String key, String machineType) {
    return new Request(
        key,
        mine,
        "group-a",
        machineType,
        Set.of(),
        Optional.empty(),
        Optional.empty(),
        "#!/bin/sh\ntrue\n",
        worker());
  }

  private void awaitLive(Set<String> keys) throws Exception {
    Await.until(
        "the live nodes are " + keys,
        () -> {
          List<Node> live = live(mine);
          return live.size() == keys.size()
              && keys.equals(new HashSet<>(live.stream().map(Node::key).toList()));
        });
  }

  private List<Node> live(InstallationId installation) throws PluginException {
    return nodes(provider, installation).stream()
        .filter(node -> node.state() != Node.State.GONE && node.state() != Node.State.RELEASING)
        .toList();
  }

  private static List<Node> nodes(ComputeProvider provider, InstallationId installation)
      throws PluginException {
    List<Node> all = new ArrayList<>();
    Optional<Page.Cursor> from = Optional.of(Page.Cursor.START);
    while (from.isPresent()) {
      Page<Node> page = provider.nodes(installation, from.get(), call());
      all.addAll(page.items());
      from = page.next();
    }
    return all;
  }

  private static CallContext call() {
    return Calls.call();
  }

  private static InstallationId installation() {
    return new InstallationId("tck-" + UUID.randomUUID());
  }
}
