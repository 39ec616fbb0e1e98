/** Decides from what is seen: a pure function without clock or threads. */
@NullMarked
package dev.millrace.engine.scheduler;

import org.jspecify.annotations.NullMarked;
