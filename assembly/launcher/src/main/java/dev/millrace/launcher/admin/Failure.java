package dev.millrace.launcher.admin;

/** Why a command did not do what it was asked for; the message is for the user. */
final class Failure extends Exception {
  /** The server refused it. */
  static final int REFUSED = 1;

  /** The command makes no sense. */
  static final int USAGE = 2;

  /** No server answered. */
  static final int UNREACHABLE = 3;

  private static final long serialVersionUID = 1;
  private final int code;

  Failure(int code, String message) {
    super(message);
    this.code = code;
  }

  static Failure usage(String message) {
    return new Failure(USAGE, message);
  }

  /** The exit code of the process. */
  int code() {
    return code;
  }
}
