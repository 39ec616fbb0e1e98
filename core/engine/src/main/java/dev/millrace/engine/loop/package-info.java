/** One of the two shapes of concurrency: a thread, a tick, an idempotent body; and who leads it. */
@NullMarked
package dev.millrace.engine.loop;

import org.jspecify.annotations.NullMarked;
