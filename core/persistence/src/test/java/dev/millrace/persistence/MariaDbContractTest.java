package dev.millrace.persistence;

import dev.millrace.engine.store.Database;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The contracts on a real MariaDB, which the test starts. */
@Tag("mariadb")
class MariaDbContractTest {
  private static MariaDbServer server;

  private static SqlDatabase open;

  @BeforeAll
  static void open(@TempDir Path folder) throws Exception {
    MariaDbServer.assumeInstalled();
    server = MariaDbServer.start(folder);
    open = new SqlDatabase(server.address());
  }

  @AfterAll
  static void close() {
    if (open != null) {
      open.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static Database emptied() {
    return Emptied.of(open);
  }

  @Nested
  class Transactions extends TransactionContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Executions extends ExecutionContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Waiting extends WaitingContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Catalogue extends CatalogueContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Journal extends JournalContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Installation extends InstallationContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Sharing extends SharingContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Lists extends ListContract {
    @Override
    Database empty() {
      return emptied();
    }
  }

  @Nested
  class Removal extends RemovalContract {
    @Override
    Database empty() {
      return emptied();
    }
  }
}
