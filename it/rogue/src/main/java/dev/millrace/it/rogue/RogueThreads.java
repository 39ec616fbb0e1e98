package dev.millrace.it.rogue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A provider that starts threads which nobody ends. */
public final class RogueThreads extends RogueCompute {
  public RogueThreads(RogueAccount account) {
    super(account);
    Path end = Path.of(account.folder(), "end");
    for (int i = 0; i < 3; i++) {
      Thread thread = new Thread(() -> runUntil(end), "rogue-thread-" + i);
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static void runUntil(Path end) {
    while (!Files.exists(end)) {
      LockSupport.parkNanos(50_000_000);
    }
  }
}
