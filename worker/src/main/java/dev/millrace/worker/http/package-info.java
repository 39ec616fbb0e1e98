/**
 * A small HTTP/1.1 client over TCP, TLS and Unix sockets, so that the worker starts light and
 * checks every address that it connects to.
 */
@NullMarked
package dev.millrace.worker.http;

import org.jspecify.annotations.NullMarked;
