/** The master as the worker sees it: the calls and values of worker wire version 1. */
@NullMarked
package dev.millrace.worker.wire;

import org.jspecify.annotations.NullMarked;
