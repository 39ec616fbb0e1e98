package dev.millrace.engine.store;

/** The stores within one transaction. Good only inside {@link Database.Work}. */
public interface Session {
  OwnerStore owners();

  TeamStore teams();

  TokenStore tokens();

  WebSessionStore webSessions();

  AttemptStore attempts();

  AuditStore audit();

  ProjectStore projects();

  CommitStore commits();

  EnvironmentStore environments();

  DataStoreStore dataStores();

  ExecutionStore executions();

  WaitingStore waiting();

  FactStore facts();

  MetadataStore metadata();

  DatumStore data();

  AliasStore aliases();

  VariableStore variables();

  WorkerStore workers();

  NodeStore nodes();

  SettingStore settings();

  IdempotencyStore idempotency();
}
