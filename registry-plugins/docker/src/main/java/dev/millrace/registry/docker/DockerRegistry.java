package dev.millrace.registry.docker;

import dev.millrace.spi.common.CallContext;
import dev.millrace.spi.common.PluginException;
import dev.millrace.spi.common.Secret;
import dev.millrace.spi.registry.ImageDigest;
import dev.millrace.spi.registry.ImageRef;
import dev.millrace.spi.registry.ImageRegistry;
import dev.millrace.spi.registry.PullCredentials;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** One login (or none) at registries that share it. */
@Component(
    configurationPid = "dev.millrace.registry.docker",
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    immediate = true)
@Designate(ocd = DockerRegistry.Config.class, factory = true)
public final class DockerRegistry implements ImageRegistry {

  /** One configuration file is one login. */
  @ObjectClassDefinition(name = "Registry v2")
  public @interface Config {
    /** Hosts as they stand in image names, with a port if they have one. */
    @AttributeDefinition(description = "Hosts as they stand in image names, such as docker.io")
    String[] hosts();

    /** Empty for anonymous access. */
    @AttributeDefinition(required = false, description = "User name; empty for anonymous access")
    String username() default "";

    /** Set as {@code .password}, which never becomes a service property. */
    @AttributeDefinition(required = false, description = "Password or access token")
    String _password() default "";

    /** Set as {@code plain.http}. */
    @AttributeDefinition(
        required = false,
        description = "Speak plain HTTP; only for hosts on loopback")
    boolean plain_http() default false;

    /** Set as {@code ca.file}. */
    @AttributeDefinition(
        required = false,
        description = "PEM file of certificates to trust besides the system's")
    String ca_file() default "";
  }

  private final Set<String> hosts;
  private final String username;
  private final Secret password;
  private final RegistryClient client;

  @Activate
  public DockerRegistry(Config config) throws PluginException {
    RegistryHosts checked = RegistryHosts.of(config.hosts(), config.plain_http());
    hosts = checked.names();
    username = config.username();
    password = Secret.of(config._password());
    if (username.isEmpty() != config._password().isEmpty()) {
      throw new IllegalArgumentException(
          "registry login: username and .password go together; set both or neither");
    }
    client = new RegistryClient(checked, username, password, Trust.of(config.ca_file()));
  }

  @Deactivate
  void close() {
    client.close();
  }

  @Override
  public boolean serves(ImageRef image) {
    return hosts.contains(image.host().toLowerCase(Locale.ROOT));
  }

  @Override
  public ImageDigest resolve(ImageRef image, CallContext call) throws PluginException {
    mustServe(image);
    return client.digest(image, call);
  }

  @Override
  public PullCredentials credentials(ImageRef image, CallContext call) throws PluginException {
    mustServe(image);
    return username.isEmpty()
        ? PullCredentials.anonymous()
        : new PullCredentials(username, password, Optional.empty());
  }

  private void mustServe(ImageRef image) throws PluginException {
    if (!serves(image)) {
      throw new PluginException(
          PluginException.Kind.INVALID, "This registry does not serve images of " + image.host());
    }
  }
}
