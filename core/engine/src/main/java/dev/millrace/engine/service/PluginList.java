package dev.millrace.engine.service;

import dev.millrace.engine.domain.Actor;
import dev.millrace.engine.domain.PluginInfo;
import dev.millrace.engine.plugins.Plugins;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The plugins of this installation and how they are; every user may know. */
@Component(service = PluginList.class)
public final class PluginList {
  private final Plugins plugins;
  private final Access access;

  @Activate
  public PluginList(@Reference Plugins plugins, @Reference Access access) {
    this.plugins = plugins;
    this.access = access;
  }

  /** Every plugin and every account without one. */
  public List<PluginInfo> list(Actor actor) {
    access.requirePerson(actor);
    return plugins.list();
  }
}
