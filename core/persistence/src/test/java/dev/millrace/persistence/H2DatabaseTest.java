package dev.millrace.persistence;

import dev.millrace.engine.store.Database;
import org.junit.jupiter.api.AfterEach;

class H2DatabaseTest extends DatabaseContract {
  private SqlDatabase open;

  @Override
  Database empty() {
    open = H2Database.fresh();
    return open;
  }

  @AfterEach
  void close() {
    open.close();
  }
}
