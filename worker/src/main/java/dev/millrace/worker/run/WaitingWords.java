package dev.millrace.worker.run;

import java.io.IOException;

/** Says to the user what outputs wait for: in the log once, and where the state is shown. */
final class WaitingWords {
  /** The master takes such words away once an output is recorded. */
  private static final String WAITING = "Its outputs wait: ";

  private static final int LONGEST = 1_000;

  private final Uploader.Target target;
  private final Remarks remarks;
  private String last = "";

  WaitingWords(Uploader.Target target, Remarks remarks) {
    this.target = target;
    this.remarks = remarks;
  }

  /** The master knows itself what it answered; of a store's answer it hears from here. */
  synchronized void wait(IOException problem) {
    String words = String.valueOf(problem.getMessage());
    if (words.equals(last)) {
      return;
    }
    last = words;
    remarks.add("reasons why outputs wait", "Outputs wait: " + words);
    if (problem instanceof StoreRefusal) {
      String text = WAITING + words;
      try {
        target
            .master()
            .statusDetail(
                target.executionId(),
                target.lease(),
                text.substring(0, Math.min(LONGEST, text.length())));
      } catch (IOException e) {
        // It is in the log as well.
      }
    }
  }
}
