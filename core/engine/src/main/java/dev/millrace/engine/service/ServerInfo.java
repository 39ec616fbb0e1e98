package dev.millrace.engine.service;

import dev.millrace.engine.settings.Settings;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** What this server says of itself, and how it may be reached. */
@Component(service = ServerInfo.class)
public final class ServerInfo {
  private final Settings settings;

  @Activate
  public ServerInfo(@Reference Settings settings) {
    this.settings = settings;
  }

  /** The name that clients tell servers apart by. */
  public String flavor() {
    return "millrace";
  }

  /** The release, for example {@code 0.1.0}. */
  public String version() {
    return settings.release();
  }

  /** Addresses of proxies whose forwarding headers count. */
  public List<String> trustedProxies() {
    return settings.trustedProxies();
  }
}
