package dev.millrace.engine.logs;

/**
 * Where records end: at a line end, or within a long line before a character once it has 65,533
 * bytes (at the latest at 65,536, in bytes that are no UTF-8). The answer depends only on the bytes
 * since the record's start, so that it is the same however a stream was cut into chunks.
 */
final class RecordCut {
  private static final int SOFT = 65_533;
  private static final int HARD = 65_536;

  private int carry;

  RecordCut(int carry) {
    this.carry = carry;
  }

  /** Bytes in the record that has not ended yet. */
  int carry() {
    return carry;
  }

  /** Whether the record ends before this byte although its line goes on. */
  boolean cutsBefore(byte next) {
    return carry >= SOFT && next != '\n' && ((next & 0xC0) != 0x80 || carry >= HARD);
  }

  void take() {
    carry++;
  }

  void end() {
    carry = 0;
  }

  /** Counts the records that end within those bytes. */
  long feed(byte[] bytes, int from, int to) {
    long ended = 0;
    for (int i = from; i < to; i++) {
      byte next = bytes[i];
      if (next == '\n') {
        ended++;
        carry = 0;
      } else {
        if (cutsBefore(next)) {
          ended++;
          carry = 0;
        }
        carry++;
      }
    }
    return ended;
  }
}
