package dev.millrace.provider.onprem;

import dev.millrace.spi.compute.ComputeProvider;
import dev.millrace.spi.compute.WorkerBoot;
import dev.millrace.spi.compute.WorkerRelease;
import dev.millrace.spi.tck.ComputeProviderContract;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class OnpremContractTest extends ComputeProviderContract {
  @TempDir static Path archive;
  private static WorkerRelease release;
  @TempDir Path data;

  @BeforeAll
  static void makeTheArchive() throws Exception {
    release = StandIn.archive(archive, "millrace-worker-1.0");
  }

  @Override
  protected ComputeProvider open() {
    return new OnpremAccount(
        TestConfig.of("local", "local-2", "local-3", "local-4"),
        data,
        List.of(),
        Clock.systemUTC());
  }

  @Override
  protected void close(ComputeProvider provider) throws Exception {
    // A removal cut short is taken up by the next start, but the test's folder has none.
    NodeFolders folders = new NodeFolders(data.resolve("onprem"));
    StandIn.await(
        "removals are done", () -> folders.all().stream().noneMatch(NodeRecord::releasing));
    ((OnpremAccount) provider).close();
  }

  @Override
  protected OptionalInt capacity() {
    return OptionalInt.of(4);
  }

  @Override
  protected WorkerBoot worker() {
    return StandIn.boot(release);
  }
}
