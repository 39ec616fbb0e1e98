package dev.millrace.persistence;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.millrace.engine.domain.CodeArchive;
import dev.millrace.engine.domain.Commit;
import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Datum;
import dev.millrace.engine.domain.DatumId;
import dev.millrace.engine.domain.Environment;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.EnvironmentValue;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionInput;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.InputFile;
import dev.millrace.engine.domain.InputId;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.LogLengths;
import dev.millrace.engine.domain.Mount;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.Project;
import dev.millrace.engine.domain.ProjectId;
import dev.millrace.engine.domain.ReasonCode;
import dev.millrace.engine.domain.Sealed;
import dev.millrace.engine.domain.SealedLog;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.StoreId;
import dev.millrace.engine.domain.User;
import dev.millrace.engine.domain.Uuid7;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Records with every field set, for tests. */
public final class Samples {
  /** A time with all its microseconds. */
  public static final Instant NOW = Instant.parse("2026-11-23T23:59:59.123457Z");

  private static final Uuid7 IDS = new Uuid7(Clock.systemUTC());

  private Samples() {}

  public static UUID id() {
    return IDS.next();
  }

  public static User user(int id, String name) {
    return new User(
        new OwnerId(id), name, name + "@example.org", "Ada", "Løvelace", true, false, NOW, 1);
  }

  public static Project project(int owner, String name) {
    return new Project(
        new ProjectId(id()),
        new OwnerId(owner),
        name,
        "about " + name,
        "valohai.yaml",
        Optional.of(new StoreId(id())),
        Optional.of(new EnvironmentId(id())),
        NOW,
        NOW.plusNanos(1000),
        Optional.empty(),
        1);
  }

  public static Project deleted(Project p) {
    return new Project(
        p.id(),
        p.owner(),
        p.name(),
        p.description(),
        p.yamlPath(),
        p.uploadStore(),
        p.defaultEnvironment(),
        p.createdAt(),
        p.modifiedAt(),
        Optional.of(NOW),
        p.version());
  }

  public static Commit commit(ProjectId project, String identifier, Instant time) {
    return new Commit(
        new CommitId(id()),
        project,
        identifier,
        identifier.startsWith("~"),
        List.of("main", "v1.0"),
        "first",
        time,
        NOW,
        "valohai.yaml",
        Optional.of("- step:\n    name: train\n"),
        Optional.of(
            new CodeArchive(
                new StoreId(id()), "code/x.tar", "ab".repeat(32), 1234, CodeArchive.Format.TAR)));
  }

  public static Environment environment(Optional<Integer> owner, String slug) {
    return new Environment(
        new EnvironmentId(id()),
        slug,
        "Environment " + slug,
        owner.map(OwnerId::new),
        "where it runs",
        true,
        Optional.of("onprem"),
        "m1.large",
        2,
        0,
        8,
        15,
        Environment.Runtime.DOCKER,
        Optional.of(new BigDecimal("0.1250")),
        List.of("/srv/data", "/mnt/a b"),
        NOW,
        NOW,
        1);
  }

  public static DataStore store(Optional<Integer> owner, String name, Instant created) {
    return new DataStore(
        new StoreId(id()),
        name,
        owner.map(OwnerId::new),
        "files",
        "filesystem",
        "file:///srv/artifacts",
        created,
        NOW,
        1);
  }

  public static ExecutionSpec spec() {
    Map<String, JsonNode> parameters = new LinkedHashMap<>();
    parameters.put("zeta", DoubleNode.valueOf(0.1));
    parameters.put("epochs", IntNode.valueOf(3));
    parameters.put("name", TextNode.valueOf("Ada \"λ\" 🦊"));
    parameters.put("fast", BooleanNode.TRUE);
    parameters.put("list", JsonNodeFactory.instance.arrayNode().add(1).add("two"));
    return new ExecutionSpec(
        new CommitId(id()),
        "~abc",
        "train",
        "python:3.11",
        List.of("python train.py {parameters}"),
        List.of("python train.py --epochs=3"),
        parameters,
        List.of(
            new ExecutionInput(
                new InputId(id()),
                "data",
                List.of("datum://x", "https://example.org/a.csv"),
                List.of(
                    new InputFile("x.csv", "datum://x", Optional.of(new DatumId(id()))),
                    new InputFile("a.csv", "https://example.org/a.csv", Optional.empty())),
                "none")),
        List.of(
            new EnvironmentValue("PLAIN", Optional.of("value"), Optional.empty()),
            new EnvironmentValue("TOKEN", Optional.empty(), Optional.of(new Sealed("c2VhbGVk")))),
        List.of("secrets"),
        Map.of("docker", JsonNodeFactory.instance.objectNode().put("shm", "1g")),
        3600,
        600,
        true,
        List.of(new Mount("/srv/data", "/data", true), new Mount("/mnt/a b", "/b", false)),
        new StoreId(id()));
  }

  /** A queued execution, of version 1. */
  public static Execution execution(ProjectId project, EnvironmentId group, int counter) {
    return new Execution(
        new ExecutionId(id()),
        project,
        counter,
        "train #" + counter,
        List.of("nightly", "läuft"),
        new OwnerId(7),
        group,
        0,
        spec(),
        ExecutionStatus.QUEUED,
        Optional.empty(),
        "",
        Optional.of("no machine is free"),
        Optional.empty(),
        Optional.empty(),
        StopOrder.NONE,
        Optional.empty(),
        NOW.plusSeconds(counter),
        Optional.of(NOW.plusSeconds(counter)),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(new ExecutionId(id())),
        Optional.empty(),
        NOW,
        Optional.empty(),
        1);
  }

  /** The same execution with every field that can change set otherwise. */
  public static Execution settled(Execution e, ExecutionStatus status) {
    return new Execution(
        e.id(),
        e.project(),
        e.counter(),
        e.title() + "!",
        List.of("changed"),
        e.creator(),
        e.environment(),
        5,
        e.spec(),
        status,
        Optional.of(ReasonCode.EXIT_CODE),
        "said",
        Optional.empty(),
        Optional.of("sha256:" + "0".repeat(64)),
        Optional.of(3),
        StopOrder.STOP,
        Optional.of(new Lease(new WorkerId(id()), Lease.State.HELD, "cd".repeat(32))),
        e.createdAt(),
        e.queuedAt(),
        Optional.of(NOW.plusSeconds(60)),
        Optional.of(NOW.plusSeconds(70)),
        Optional.of(NOW.plusSeconds(80)),
        Optional.of(new LogLengths(10, 20, 30)),
        Optional.of(new SealedLog(new StoreId(id()), "logs/1.gz", "logs/1.idx", 42)),
        e.restartOf(),
        Optional.of(new ExecutionId(id())),
        NOW.plusSeconds(80),
        Optional.of(NOW.plusSeconds(90)),
        e.version());
  }

  /** The same execution in another state and, if there is one, with that lease. */
  public static Execution changed(Execution e, ExecutionStatus status, Optional<Lease> lease) {
    return new Execution(
        e.id(),
        e.project(),
        e.counter(),
        e.title(),
        e.tags(),
        e.creator(),
        e.environment(),
        e.priority(),
        e.spec(),
        status,
        e.reason(),
        e.statusDetail(),
        e.waiting(),
        e.imageDigest(),
        e.exitCode(),
        e.stop(),
        lease,
        e.createdAt(),
        e.queuedAt(),
        e.startedAt(),
        e.endedAt(),
        e.settledAt(),
        e.logLengths(),
        e.log(),
        e.restartOf(),
        e.restartedAs(),
        e.modifiedAt(),
        e.deletedAt(),
        e.version());
  }

  /** The same execution, read at another version. */
  public static Execution at(Execution e, long version) {
    return new Execution(
        e.id(),
        e.project(),
        e.counter(),
        e.title(),
        e.tags(),
        e.creator(),
        e.environment(),
        e.priority(),
        e.spec(),
        e.status(),
        e.reason(),
        e.statusDetail(),
        e.waiting(),
        e.imageDigest(),
        e.exitCode(),
        e.stop(),
        e.lease(),
        e.createdAt(),
        e.queuedAt(),
        e.startedAt(),
        e.endedAt(),
        e.settledAt(),
        e.logLengths(),
        e.log(),
        e.restartOf(),
        e.restartedAs(),
        e.modifiedAt(),
        e.deletedAt(),
        version);
  }

  public static Fact fact(ExecutionId execution, String kind) {
    return new Fact(execution, 0, kind, NOW, "{\"by\":\"test\"}", Optional.empty());
  }

  public static Datum datum(ProjectId project, Optional<ExecutionId> of, String name) {
    return new Datum(
        new DatumId(id()),
        project,
        of,
        name,
        5_000_000_000L,
        Optional.of("0".repeat(32)),
        Optional.of("1".repeat(40)),
        Optional.of("2".repeat(64)),
        new StoreId(id()),
        "data/" + name,
        "file:///srv/data/" + name,
        List.of("blue", "Blue"),
        "{\"a\":1}",
        NOW,
        NOW.minusSeconds(1),
        NOW.minusSeconds(2),
        Optional.empty(),
        1);
  }

  public static Worker worker(EnvironmentId group, String credentialHash) {
    return new Worker(
        new WorkerId(id()),
        group,
        "box-1",
        credentialHash,
        "nonce",
        Optional.of("node-1"),
        "0.1.0",
        "linux",
        "amd64",
        4,
        7.5,
        32_768,
        List.of("A100"),
        List.of("docker", "process"),
        false,
        Optional.of("its disk is full"),
        Optional.of("release 2 does not start"),
        NOW,
        NOW,
        Optional.empty(),
        0,
        1);
  }
}
