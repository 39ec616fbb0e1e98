package dev.millrace.persistence;

import dev.millrace.engine.store.AliasStore;
import dev.millrace.engine.store.AttemptStore;
import dev.millrace.engine.store.AuditStore;
import dev.millrace.engine.store.CommitStore;
import dev.millrace.engine.store.DataStoreStore;
import dev.millrace.engine.store.DatumStore;
import dev.millrace.engine.store.EnvironmentStore;
import dev.millrace.engine.store.ExecutionStore;
import dev.millrace.engine.store.FactStore;
import dev.millrace.engine.store.IdempotencyStore;
import dev.millrace.engine.store.MetadataStore;
import dev.millrace.engine.store.NodeStore;
import dev.millrace.engine.store.OwnerStore;
import dev.millrace.engine.store.ProjectStore;
import dev.millrace.engine.store.Session;
import dev.millrace.engine.store.SettingStore;
import dev.millrace.engine.store.TeamStore;
import dev.millrace.engine.store.TokenStore;
import dev.millrace.engine.store.VariableStore;
import dev.millrace.engine.store.WaitingStore;
import dev.millrace.engine.store.WebSessionStore;
import dev.millrace.engine.store.WorkerStore;
import org.hibernate.StatelessSession;

/** The stores of one transaction. They are cheap: each keeps nothing but the session. */
record SqlSession(StatelessSession hibernate) implements Session {
  @Override
  public OwnerStore owners() {
    return new SqlOwners(hibernate);
  }

  @Override
  public TeamStore teams() {
    return new SqlTeams(hibernate);
  }

  @Override
  public AliasStore aliases() {
    return new SqlAliases(hibernate);
  }

  @Override
  public VariableStore variables() {
    return new SqlVariables(hibernate);
  }

  @Override
  public TokenStore tokens() {
    return new SqlTokens(hibernate);
  }

  @Override
  public WebSessionStore webSessions() {
    return new SqlWebSessions(hibernate);
  }

  @Override
  public AttemptStore attempts() {
    return new SqlAttempts(hibernate);
  }

  @Override
  public AuditStore audit() {
    return new SqlAudit(hibernate);
  }

  @Override
  public ProjectStore projects() {
    return new SqlProjects(hibernate);
  }

  @Override
  public CommitStore commits() {
    return new SqlCommits(hibernate);
  }

  @Override
  public EnvironmentStore environments() {
    return new SqlEnvironments(hibernate);
  }

  @Override
  public DataStoreStore dataStores() {
    return new SqlDataStores(hibernate);
  }

  @Override
  public ExecutionStore executions() {
    return new SqlExecutions(hibernate);
  }

  @Override
  public WaitingStore waiting() {
    return new SqlWaiting(hibernate);
  }

  @Override
  public FactStore facts() {
    return new SqlFacts(hibernate);
  }

  @Override
  public MetadataStore metadata() {
    return new SqlMetadata(hibernate);
  }

  @Override
  public DatumStore data() {
    return new SqlData(hibernate);
  }

  @Override
  public WorkerStore workers() {
    return new SqlWorkers(hibernate);
  }

  @Override
  public NodeStore nodes() {
    return new SqlNodes(hibernate);
  }

  @Override
  public SettingStore settings() {
    return new SqlSettings(hibernate);
  }

  @Override
  public IdempotencyStore idempotency() {
    return new SqlIdempotency(hibernate);
  }
}
