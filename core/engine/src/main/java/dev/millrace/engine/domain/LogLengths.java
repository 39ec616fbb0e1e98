package dev.millrace.engine.domain;

/** Bytes in each stream of a settled run, as its worker counted them. */
public record LogLengths(long stdout, long stderr, long status) {}
