package dev.millrace.engine.dispatch;

import dev.millrace.engine.loop.Loop;
import dev.millrace.engine.queue.Queue;
import java.time.Duration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The loops between a submitted execution and its worker. What they do is compare-and-set, so that
 * every master may run them; a lost hint costs at most a second.
 */
@Component(service = Dispatcher.class, immediate = true)
public final class Dispatcher {
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  private final Queue queue;
  private final Admission admission;
  private final Claims claims;
  private final Wakes wakes;
  private final Loop admitting;
  private final Loop matching;
  private final Loop watching;
  private final Loop explaining;
  private long seenAdmitting;
  private long seen;

  @Activate
  public Dispatcher(
      @Reference Queue queue,
      @Reference Admission admission,
      @Reference Claims claims,
      @Reference Wakes wakes,
      @Reference LeaseWatch watch,
      @Reference Reasons reasons) {
    this.queue = queue;
    this.admission = admission;
    this.claims = claims;
    this.wakes = wakes;
    this.admitting = Loop.start("admission", Duration.ZERO, this::admit);
    this.matching = Loop.start("dispatch", Duration.ZERO, this::match);
    this.watching = Loop.start("lease-watch", HEARTBEAT, watch::tick);
    this.explaining = Loop.start("waiting-reasons", HEARTBEAT.multipliedBy(2), reasons::tick);
  }

  private void admit() throws InterruptedException {
    seenAdmitting = queue.await(seenAdmitting, HEARTBEAT);
    while (admission.tick()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void match() throws InterruptedException {
    seen = queue.await(seen, HEARTBEAT);
    wakes.tick();
    claims.tick();
  }

  @Deactivate
  void close() {
    admitting.close();
    matching.close();
    watching.close();
    explaining.close();
  }
}
