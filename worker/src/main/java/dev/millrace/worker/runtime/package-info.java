/** The small interface behind which runs live, and its implementation with plain processes. */
@NullMarked
package dev.millrace.worker.runtime;

import org.jspecify.annotations.NullMarked;
