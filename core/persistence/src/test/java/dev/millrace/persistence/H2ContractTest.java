package dev.millrace.persistence;

import dev.millrace.engine.store.Database;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The contracts on an H2 file, as an installation has it. */
class H2ContractTest {
  private static SqlDatabase open;

  @BeforeAll
  static void open(@TempDir Path folder) {
    open = new SqlDatabase(DatabaseAddress.h2File(folder.resolve("database")));
  }

  @AfterAll
  static void close() {
    open.close();
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
  class Plans extends ListPlans {
    @Override
    Database empty() {
      return emptied();
    }

    @Override
    String numbers(int most) {
      return "(select x as n from system_range(1, " + most + "))";
    }

    @Override
    String id() {
      return "cast(random_uuid() as binary(16))";
    }

    @Override
    String planLine(ResultSet row) throws SQLException {
      return row.getString(1);
    }

    @Override
    boolean sorted(String plan) {
      return plan.contains("index sorted");
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
