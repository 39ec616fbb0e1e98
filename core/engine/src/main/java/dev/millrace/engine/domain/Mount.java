package dev.millrace.engine.domain;

/** A folder of the machine that a run sees at another place. Both paths are absolute. */
public record Mount(String source, String destination, boolean readOnly) {}
