package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Lease;
import dev.millrace.engine.domain.StopOrder;
import dev.millrace.engine.domain.Worker;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.settings.Settings;
import dev.millrace.engine.store.Database;
import dev.millrace.engine.store.Slice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The long polls of workers that want to hear of an order at once: the answer only says that it is
 * time to beat. One that gets lost costs the time to the next beat.
 */
@Component(service = Wakes.class, immediate = true)
public final class Wakes {
  private static final int LOOKED_AT = 1_000;

  private record Poll(long deadlineNanos, Consumer<Boolean> answer) {}

  private final Database database;
  private final Settings settings;
  private final Map<WorkerId, Poll> polls = new LinkedHashMap<>();
  private final Map<ExecutionId, StopOrder> told = new HashMap<>();

  @Activate
  public Wakes(@Reference Database database, @Reference Settings settings) {
    this.database = database;
    this.settings = settings;
  }

  /**
   * Answers true as soon as there is an order for this worker that it was not woken for, or false
   * after the poll time. A worker has one poll: a newer one ends the older. The answer may be
   * called on any thread, also before this method returns.
   */
  public void await(Worker worker, Consumer<Boolean> answer) {
    long deadline = System.nanoTime() + settings.poll().toNanos();
    synchronized (this) {
      Poll older = polls.put(worker.id(), new Poll(deadline, answer));
      if (older != null) {
        older.answer().accept(false);
      }
      match();
    }
  }

  /** Ends what waited too long and wakes whom there is an order for. */
  public synchronized void tick() {
    long now = System.nanoTime();
    List<WorkerId> over =
        polls.entrySet().stream()
            .filter(poll -> poll.getValue().deadlineNanos() - now <= 0)
            .map(Map.Entry::getKey)
            .toList();
    over.forEach(worker -> answer(worker, false));
    match();
  }

  @Deactivate
  synchronized void close() {
    new ArrayList<>(polls.keySet()).forEach(worker -> answer(worker, false));
  }

  private void match() {
    if (polls.isEmpty()) {
      return;
    }
    List<Execution> stopping =
        database.read(
            s ->
                s.executions()
                    .unfinished(Set.of(ExecutionStatus.STOPPING), Slice.first(LOOKED_AT)));
    Set<ExecutionId> still = new HashSet<>();
    Set<WorkerId> woken = new LinkedHashSet<>();
    for (Execution execution : stopping) {
      still.add(execution.id());
      execution
          .lease()
          .map(Lease::worker)
          .filter(polls::containsKey)
          .filter(
              w -> execution.settledAt().isEmpty() && told.get(execution.id()) != execution.stop())
          .ifPresent(
              worker -> {
                told.put(execution.id(), execution.stop());
                woken.add(worker);
              });
    }
    told.keySet().retainAll(still);
    woken.forEach(worker -> answer(worker, true));
  }

  private void answer(WorkerId worker, boolean beat) {
    Poll poll = polls.remove(worker);
    if (poll != null) {
      poll.answer().accept(beat);
    }
  }
}
