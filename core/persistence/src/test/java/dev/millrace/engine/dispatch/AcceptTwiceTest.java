package dev.millrace.engine.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.engine.domain.Execution;
import dev.millrace.engine.domain.Worker;
import dev.millrace.persistence.H2Database;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class AcceptTwiceTest {
  @RegisterExtension H2Database h2 = new H2Database();
  @TempDir Path folder;
  private Yard yard;

  @BeforeEach
  void open() {
    yard = new Yard(h2.database(), folder);
  }

  @Test
  @Timeout(300)
  void theSameAcceptTwiceAtOnceIsAnsweredTwiceTheSame() throws Exception {
    Worker worker = yard.worker("one");
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < 50; i++) {
        Execution execution = yard.queued();
        Messages.Offer offer = yard.claim(worker).orElseThrow();
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<String> accept =
            () -> {
              start.await();
              return yard.accept(worker, offer).get("lease").asText();
            };
        List<Future<String>> answers = threads.invokeAll(List.of(accept, accept));
        assertEquals(answers.get(0).get(), answers.get(1).get());
        List<String> facts = yard.facts(execution.id());
        assertEquals(1, facts.stream().filter("Started"::equals).count());
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
