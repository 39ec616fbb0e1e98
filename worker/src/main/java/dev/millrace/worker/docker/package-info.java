/** Runs in containers of a Docker-compatible engine, through its HTTP API on a Unix socket. */
@NullMarked
package dev.millrace.worker.docker;

import org.jspecify.annotations.NullMarked;
