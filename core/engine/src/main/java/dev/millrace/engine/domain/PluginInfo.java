package dev.millrace.engine.domain;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * A plugin as the operator sees it: a jar in {@code plugins/}, or an account's file that no plugin
 * claims.
 *
 * @param name symbolic name of the bundle; of an unclaimed account, the configuration's PID
 * @param version version of the bundle; empty for an unclaimed account
 * @param file name of the file, below {@code plugins/} or {@code conf/}
 * @param state the worst of its services' states where it runs
 * @param reason why it is so, and what the operator can do; empty where all is well
 * @param since when it came to be so
 */
public record PluginInfo(
    String name,
    String version,
    String file,
    State state,
    String reason,
    Instant since,
    List<Service> services) {

  /** From good to bad. */
  public enum State {
    /** Works. */
    READY,
    /** Runs, but its last call failed. */
    DEGRADED,
    /** A higher version of the same plugin runs in its place. */
    SUPERSEDED,
    /** Not there. */
    MISSING,
    /** An account's file for which there is no plugin. */
    UNCLAIMED,
    /** Taken out of use, because it is broken or its account makes no sense. */
    QUARANTINED,
    /** Would not start. */
    FAILED,
    /** Not installed, because it breaks a rule. */
    REFUSED
  }

  /** What a service does. */
  public enum Kind {
    STORE,
    COMPUTE,
    REGISTRY
  }

  /**
   * One account of a plugin.
   *
   * @param kind what it does: {@code store}, {@code compute}, {@code registry}; empty where the
   *     account did not get so far
   */
  public record Service(
      String kind, String name, State state, String reason, Instant since, Figures figures) {}

  /**
   * What was counted of the calls to a service since it came.
   *
   * @param abandoned calls that still run although their time is over
   */
  public record Figures(
      long calls, long failed, long overran, long broken, int inFlight, int abandoned) {
    public static final Figures NONE = new Figures(0, 0, 0, 0, 0, 0);
  }

  public PluginInfo {
    Objects.requireNonNull(name, "name");
    services = List.copyOf(services);
  }
}
