package dev.millrace.worker.runtime;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;

/**
 * The user that the worker is, and those that its runs are.
 *
 * @param uid the worker's own user id
 * @param gid the worker's own group id
 */
public record RunUser(int uid, int gid) {
  private static final int FIRST_UID = 300_000_000;
  private static final int UIDS = 700_000_000;

  /** The user of this process. */
  public static RunUser current() throws IOException {
    return new RunUser(id("unix:uid"), id("unix:gid"));
  }

  private static int id(String attribute) throws IOException {
    return (Integer) Files.getAttribute(Path.of("/proc/self"), attribute);
  }

  /** Whether the worker may give runs users of their own. */
  public boolean root() {
    return uid == 0;
  }

  /** A user for one run alone, the same one after a restart; its group has the same number. */
  public static int ofRun(String executionId) {
    CRC32 crc = new CRC32();
    crc.update(executionId.getBytes(StandardCharsets.UTF_8));
    return FIRST_UID + (int) (crc.getValue() % UIDS);
  }
}
