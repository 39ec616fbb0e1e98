package dev.millrace.it;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;

/** The same in containers. */
class FaultsInDockerIT extends FaultsIT {
  @Override
  Runs open() {
    return Runs.inDocker(Map.of("MILLRACE_LOCAL_SLOTS", "10"));
  }

  @Override
  boolean masterToo() {
    return Machine.full();
  }

  /** Only where ./check was asked for the long tests. */
  @Test
  @EnabledIf(
      value = "dev.millrace.it.Machine#full",
      disabledReason = "takes ten minutes: ./check --full")
  @Override
  void whileThereIsNoMasterRunsGoOnAndEndAndNothingIsKilled() {
    super.whileThereIsNoMasterRunsGoOnAndEndAndNothingIsKilled();
  }
}
