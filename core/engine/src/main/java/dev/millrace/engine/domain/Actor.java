package dev.millrace.engine.domain;

import java.util.Optional;

/** On whose behalf a use case runs. Every use case takes one first. */
public sealed interface Actor {
  /** A person, by token or session. {@code address} is where the call came from. */
  record Person(User user, Optional<TokenId> token, String address) implements Actor {}

  /** A worker, by its credential. */
  record Machine(Worker worker) implements Actor {}

  /** A run, by its execution token: may speak for its own execution only. */
  record Run(ExecutionId execution) implements Actor {}

  /** The engine's own loops. */
  record Engine() implements Actor {}
}
