package dev.millrace.it;

import java.util.Map;
import org.junit.jupiter.api.Tag;

/** The same on a MariaDB server, with a master that is killed. */
@Tag("upgrade")
class UpgradeOnMariaDbIT extends UpgradeIT {
  private MariaDb server;

  @Override
  Map<String, String> settings() {
    server = MariaDb.start();
    return server.settings();
  }

  @Override
  void end() {
    killMaster();
  }

  @Override
  void ended() {
    if (server != null) {
      server.close();
    }
  }
}
