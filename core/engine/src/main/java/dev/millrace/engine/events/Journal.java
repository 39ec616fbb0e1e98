package dev.millrace.engine.events;

import dev.millrace.engine.loop.Leadership;
import dev.millrace.engine.loop.Loop;
import java.time.Duration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * Gives committed facts their positions. Only the leading master does, and only after the commit,
 * so that a reader's cursor never passes a fact that is committed late.
 */
@Component(service = Journal.class, immediate = true)
public final class Journal {
  private static final Duration PERIOD = Duration.ofSeconds(1);
  private static final int BATCH = 500;

  private final Leadership leadership;
  private final Loop loop;

  @Activate
  public Journal(@Reference Leadership leadership) {
    this.leadership = leadership;
    this.loop = Loop.start("journal", PERIOD, leadership.led(this::tick));
  }

  @Deactivate
  void close() {
    loop.close();
  }

  private void tick() {
    while (leadership.transact(s -> s.facts().stamp(BATCH)) == BATCH) {
      // There may be more.
    }
  }
}
