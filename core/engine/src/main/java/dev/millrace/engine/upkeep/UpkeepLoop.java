package dev.millrace.engine.upkeep;

import dev.millrace.engine.artifacts.Blobs;
import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.source.CodeSource;
import dev.millrace.engine.store.Database;
import java.time.Clock;
import java.time.Duration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** Clears away once a minute, on the leading master. */
@Component(service = UpkeepLoop.class, immediate = true)
public final class UpkeepLoop {
  private static final Duration PERIOD = Duration.ofMinutes(1);

  private final Loop loop;

  @Activate
  public UpkeepLoop(
      @Reference Database database,
      @Reference Blobs blobs,
      @Reference CodeSource source,
      @Reference Leadership leadership,
      @Reference Settings settings,
      @Reference Clock clock) {
    Upkeep upkeep =
        new Upkeep(
            database,
            blobs,
            new Removal(database, blobs, source, leadership, clock),
            leadership,
            settings,
            clock);
    this.loop = Loop.start("upkeep", PERIOD, leadership.led(upkeep::tick));
  }

  @Deactivate
  public void close() {
    loop.close();
  }
}
