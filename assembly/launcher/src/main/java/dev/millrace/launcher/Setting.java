package dev.millrace.launcher;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Every setting of the master, in one place. The key {@code millrace.http.port} in {@code
 * conf/millrace.properties} is the variable {@code MILLRACE_HTTP_PORT} in the environment.
 */
enum Setting {
  DATA("millrace.data", Kind.TEXT, "folder of everything that must survive"),
  HTTP_PORT("millrace.http.port", Kind.PORT, "port of the API, the console and the workers"),
  HTTP_HOST("millrace.http.host", Kind.TEXT, "address to listen on"),
  WORKER_URL("millrace.worker.url", Kind.URL, "where workers reach this master"),
  TLS_CERT("millrace.tls.cert", Kind.TEXT, "certificate chain, PEM file"),
  TLS_KEY("millrace.tls.key", Kind.TEXT, "private key of the certificate, PEM file (PKCS #8)"),
  TLS_CA("millrace.tls.ca", Kind.TEXT, "your own authority, PEM file, for machines that join"),
  TRUSTED_PROXIES("millrace.trusted.proxies", Kind.TEXT, "address ranges of reverse proxies"),
  GIT_ALLOW("millrace.git.allow", Kind.TEXT, "folders and ranges that repositories may come from"),
  GIT_KNOWN_HOSTS(
      "millrace.git.known.hosts", Kind.TEXT, "keys of SSH servers, as OpenSSH has them"),
  GIT_CA_FILE("millrace.git.ca.file", Kind.TEXT, "authorities of HTTPS Git servers, PEM file"),
  GIT_BYTES("millrace.git.bytes", Kind.NUMBER, "bytes that are kept of one repository"),
  GIT_OBJECT_BYTES("millrace.git.object.bytes", Kind.NUMBER, "bytes of one file in a repository"),
  GIT_SECONDS("millrace.git.seconds", Kind.NUMBER, "how long one fetch may take"),
  CODE_BYTES("millrace.code.bytes", Kind.NUMBER, "bytes of a code archive, unpacked"),
  CODE_FILES("millrace.code.files", Kind.NUMBER, "members of a code archive"),
  CODE_RATIO("millrace.code.ratio", Kind.NUMBER, "unpacked against packed size of a code archive"),
  CODE_FREE_BYTES("millrace.code.free.bytes", Kind.NUMBER, "unpacked bytes without that ratio"),
  INPUT_ALLOW("millrace.input.allow", Kind.TEXT, "loopback ranges that inputs may come from"),
  IMAGE_ALLOW(
      "millrace.image.allow", Kind.TEXT, "registry hosts off limits that images may come from"),
  KEY_FILE("millrace.key.file", Kind.TEXT, "the installation's key, shared by all masters"),
  DATABASE_URL("millrace.database.url", Kind.TEXT, "JDBC address of the database"),
  DATABASE_USER("millrace.database.user", Kind.TEXT, "user of the database"),
  DATABASE_PASSWORD_FILE("millrace.database.password.file", Kind.TEXT, "file with its password"),
  WORKER_BEAT("millrace.worker.beat.seconds", Kind.NUMBER, "time between two beats"),
  WORKER_SILENT("millrace.worker.silent.seconds", Kind.NUMBER, "then a worker is shown as silent"),
  WORKER_LOST("millrace.worker.lost.seconds", Kind.NUMBER, "then a worker's runs have ended"),
  OFFER("millrace.offer.seconds", Kind.NUMBER, "how long an offer is kept for one worker"),
  POLL("millrace.poll.seconds", Kind.NUMBER, "how long a claim waits for work"),
  STOP_GRACE("millrace.stop.grace.seconds", Kind.NUMBER, "time between SIGINT and SIGKILL"),
  IMAGE("millrace.image.seconds", Kind.NUMBER, "how long the pull of an image is tried"),
  NO_OUTPUT("millrace.no.output.seconds", Kind.NUMBER, "how long a run may write nothing"),
  LOG_BYTES("millrace.log.bytes", Kind.NUMBER, "log bytes that one execution may write"),
  METADATA_LINES("millrace.metadata.lines", Kind.NUMBER, "metadata lines of one execution"),
  METADATA_BYTES("millrace.metadata.bytes", Kind.NUMBER, "bytes of metadata of one execution"),
  OUTPUT_FILES("millrace.output.files", Kind.NUMBER, "output files that one execution may make"),
  OUTPUT_BYTES("millrace.output.bytes", Kind.NUMBER, "bytes of all outputs of one execution"),
  PROJECT_EXECUTIONS("millrace.project.executions", Kind.NUMBER, "executions of one project"),
  KEEP_DELETED("millrace.keep.deleted.days", Kind.NUMBER, "days that deleted things are kept"),
  KEEP_AUDIT("millrace.keep.audit.days", Kind.NUMBER, "days that audit entries are kept"),
  LOG_STORE("millrace.log.store", Kind.TEXT, "data store of the logs"),
  LOCAL_SLOTS("millrace.local.slots", Kind.NUMBER, "slots of the local worker"),
  BOOT("millrace.boot.seconds", Kind.NUMBER, "how long a start may take"),
  HEAP("millrace.heap", Kind.TEXT, "largest heap; read by bin/millrace"),
  JVM_OPTIONS("millrace.jvm.options", Kind.TEXT, "more options of the JVM; read by bin/millrace");

  /** What a value must look like. */
  enum Kind {
    TEXT,
    NUMBER,
    PORT,
    URL
  }

  private final String key;
  private final Kind kind;
  private final String meaning;

  Setting(String key, Kind kind, String meaning) {
    this.key = key;
    this.kind = kind;
    this.meaning = meaning;
  }

  String key() {
    return key;
  }

  String meaning() {
    return meaning;
  }

  /** The name of the environment variable. */
  String variable() {
    return key.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  static Optional<Setting> ofKey(String key) {
    return Arrays.stream(values()).filter(s -> s.key.equals(key)).findFirst();
  }

  static Optional<Setting> ofVariable(String variable) {
    return Arrays.stream(values()).filter(s -> s.variable().equals(variable)).findFirst();
  }

  /** Refuses a value of the wrong form, named as the operator wrote it. */
  void check(String name, String value) throws Refusal {
    switch (kind) {
      case TEXT -> {}
      case NUMBER -> number(name, value, 0, Long.MAX_VALUE);
      case PORT -> number(name, value, 1, 65535);
      case URL -> {
        if (!value.matches("https?://[^/\\s?#]+/?")) {
          throw new Refusal(
              name + ": \"" + value + "\" is not an address. Write http(s)://host:port.");
        }
      }
    }
  }

  private static void number(String name, String value, long least, long most) throws Refusal {
    try {
      long number = Long.parseLong(value);
      if (number >= least && number <= most) {
        return;
      }
    } catch (NumberFormatException e) {
      // Refused below, like a number out of range.
    }
    String range = most == Long.MAX_VALUE ? "of " + least + " or more" : least + " to " + most;
    throw new Refusal(name + ": \"" + value + "\" is not a whole number " + range + ".");
  }
}
