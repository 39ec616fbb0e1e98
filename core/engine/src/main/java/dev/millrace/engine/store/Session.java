package dev.millrace.engine.store;

/** The stores within one transaction. Good only inside {@link Database.Work}. */
public interface Session {
  OwnerStore owners();

  TokenStore tokens();

  WebSessionStore webSessions();

  AttemptStore attempts();

  AuditStore audit();

  ProjectStore projects();

  CommitStore commits();

  EnvironmentStore environments();

  DataStoreStore dataStores();

  ExecutionStore executions();

  FactStore facts();

  MetadataStore metadata();

  DatumStore data();

  WorkerStore workers();

  NodeStore nodes();

  SettingStore settings();

  IdempotencyStore idempotency();
}
