/** One execution on this machine, from its assignment to the order that its log is sealed. */
@NullMarked
package dev.millrace.worker.run;

import org.jspecify.annotations.NullMarked;
