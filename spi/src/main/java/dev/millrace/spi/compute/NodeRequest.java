package dev.millrace.spi.compute;

import dev.millrace.spi.common.InstallationId;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;

/**
 * What the engine wants rented. Built by the engine and read by plugins: an interface, so that it
 * may gain a question without breaking an answerer.
 */
@ProviderType
public interface NodeRequest {
  /** Names one life of one node: 1 to 63 lower-case letters, digits and inner hyphens. */
  String key();

  /** Whose node it is; the provider marks the node with it. */
  InstallationId installation();

  /** The worker group that the node joins; the provider marks the node with it. */
  String group();

  /** The name of one of {@link ComputeProvider#machineTypes}. */
  String machineType();

  /** The features that this request uses; others must be declined with UNSUPPORTED. */
  Set<Feature> wanted();

  /** The machine image; empty for the provider's own choice. Only with CUSTOM_IMAGE wanted. */
  Optional<String> image();

  /** The zone; empty if any will do. */
  Optional<String> zone();

  /** The network or subnet by the cloud's own name; empty for the account's default. */
  Optional<String> network();

  /** Labels to put on the node besides those by which the provider finds it again. */
  Map<String, String> labels();

  /** The size of the system disk; empty for the provider's own choice. */
  OptionalInt diskGiB();

  /**
   * The most that a spot node may cost in an hour, in the currency in which the cloud bills; empty
   * for no ceiling. Only with SPOT wanted.
   */
  Optional<BigDecimal> spotCeilingPerHour();

  /**
   * A shell script that brings the worker up on a fresh Linux machine, to be run once as root. It
   * holds the join token, so it must not be logged; providers that need no script read {@link
   * #worker()} instead.
   */
  String bootScript();

  /** The same facts as the boot script's, for a provider that starts the worker itself. */
  WorkerBoot worker();
}
