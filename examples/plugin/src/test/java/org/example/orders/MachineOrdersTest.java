package org.example.orders;

import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.tck.Accounts;
import dev.millrace.spi.tck.ComputeProviderContract;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

final class MachineOrdersTest extends ComputeProviderContract {
  @TempDir private Path folder;

  @Override
  protected ComputeProvider open() throws Exception {
    Map<String, String> account = Map.of("folder", folder.toString());
    return new MachineOrders(Accounts.of(MachineOrders.Account.class, account));
  }
}
