package dev.millrace.engine.logs;

import java.time.Instant;

/**
 * One line as clients see it, without its line end. Times rise within an execution; bytes that are
 * not UTF-8 are shown as U+FFFD; a line over 64 KiB comes in pieces.
 */
public record LogLine(Instant time, LogStream stream, String message) {}
