package dev.millrace.engine.dispatch;

import dev.millrace.engine.domain.CommitId;
import dev.millrace.engine.domain.DataStore;
import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.ExecutionId;
import dev.millrace.engine.domain.ExecutionSpec;
import dev.millrace.engine.domain.ExecutionStatus;
import dev.millrace.engine.domain.Fact;
import dev.millrace.engine.domain.StoreId;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** More executions than any look shows. */
final class Crowd {
  private Crowd() {}

  /** As many further executions like that one, after it. */
  static void of(Yard yard, Execution like, int many) {
    copies(yard, like, like.spec(), many);
    Set<StoreId> stores = Set.of(like.spec().uploadStore());
    yard.database.transact(
        s -> {
          s.waiting()
              .unnoted(like.environment(), many + 1)
              .forEach(id -> s.waiting().needs(id, Readiness.name(stores), stores));
          return true;
        });
  }

  /** The same as an older master leaves them: nobody has noted what they need. */
  static Execution copies(Yard yard, Execution like, ExecutionSpec spec, int many) {
    return yard.database.transact(
        s -> {
          Execution last = like;
          for (int i = 0; i < many; i++) {
            int counter = s.projects().nextExecutionCounter(like.project());
            last = copy(like, new ExecutionId(yard.desk.ids.next()), counter, spec);
            s.executions()
                .insert(
                    last,
                    new Fact(last.id(), 1, "Submitted", last.createdAt(), "{}", Optional.empty()));
          }
          return last;
        });
  }

  /** As many further executions like that one, in whatever state it is. */
  static void like(Yard yard, Execution like, int many) {
    copies(yard, like, like.spec(), many);
  }

  /** Another like that one, of that commit. */
  static Execution ofCommit(Yard yard, Execution like, CommitId commit) {
    ExecutionSpec s = like.spec();
    return copies(yard, like, spec(s, commit, s.image(), s.uploadStore()), 1);
  }

  /** Another like that one, with that image. */
  static Execution withImage(Yard yard, Execution like, String image) {
    ExecutionSpec s = like.spec();
    return copies(yard, like, spec(s, s.commit(), image, s.uploadStore()), 1);
  }

  /** Another like that one, which puts out to a further store of that name. */
  static Execution createdOn(Yard yard, Execution like, String store) {
    StoreId id = store(yard, store);
    return copies(yard, like, onto(like.spec(), id), 1);
  }

  /** One that waits and puts out to a further store of that name; its priority is that. */
  static Execution queuedOn(Yard yard, String store, int priority) {
    StoreId id = store(yard, store);
    Execution like = yard.queued(yard.desk.ada, yard.desk.adas, priority);
    Execution made = copies(yard, like, onto(like.spec(), id), 1);
    yard.database.transact(s -> Readiness.note(s, made));
    yard.desk.change(like.id(), c -> c.status(ExecutionStatus.STOPPED));
    return made;
  }

  private static StoreId store(Yard yard, String store) {
    StoreId id = new StoreId(yard.desk.ids.next());
    DataStore more =
        new DataStore(
            id,
            store,
            Optional.empty(),
            store,
            "filesystem",
            "file:///" + store + "/",
            yard.desk.clock.now.plusSeconds(1),
            yard.desk.clock.now.plusSeconds(1),
            1);
    yard.database.transact(
        s -> {
          s.dataStores().insert(more);
          return true;
        });
    return id;
  }

  private static ExecutionSpec onto(ExecutionSpec spec, StoreId store) {
    return spec(spec, spec.commit(), spec.image(), store);
  }

  private static ExecutionSpec spec(
      ExecutionSpec spec, CommitId commit, String image, StoreId store) {
    return new ExecutionSpec(
        commit,
        spec.commitIdentifier(),
        spec.step(),
        image,
        spec.commandTemplate(),
        spec.commands(),
        spec.parameters(),
        spec.inputs(),
        spec.environmentVariables(),
        spec.environmentVariableGroups(),
        Map.of(),
        spec.timeLimitSeconds(),
        spec.noOutputSeconds(),
        spec.autorestart(),
        spec.mounts(),
        store);
  }

  private static Execution copy(Execution like, ExecutionId id, int counter, ExecutionSpec spec) {
    return new Execution(
        id,
        like.project(),
        counter,
        like.title(),
        like.tags(),
        like.creator(),
        like.environment(),
        like.priority(),
        spec,
        like.status(),
        like.reason(),
        like.statusDetail(),
        like.waiting(),
        like.imageDigest(),
        like.exitCode(),
        like.stop(),
        like.lease(),
        like.createdAt(),
        like.queuedAt(),
        like.startedAt(),
        like.endedAt(),
        like.settledAt(),
        like.logLengths(),
        like.log(),
        like.restartOf(),
        like.restartedAs(),
        like.modifiedAt(),
        like.deletedAt(),
        1);
  }
}
