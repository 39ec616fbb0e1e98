package dev.millrace.engine.domain;

/** Where the log of an ended execution is kept, and its index beside it. */
public record SealedLog(StoreId store, String key, String indexKey, long records) {}
