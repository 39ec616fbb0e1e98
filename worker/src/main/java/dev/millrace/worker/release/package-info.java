/** The releases of the worker on this machine, and how it changes over to another one. */
@NullMarked
package dev.millrace.worker.release;

import org.jspecify.annotations.NullMarked;
