package dev.millrace.spi.storage;

/** What not every store can do. */
public enum StoreFeature {
  /** Of several writers with {@link WriteOptions#ifAbsent()} exactly one succeeds. */
  WRITE_IF_ABSENT,
  /** A listing that begins after a write or delete has returned shows it. */
  STRONG_LISTING
}
