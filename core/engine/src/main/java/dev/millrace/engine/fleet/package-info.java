/** Machines that are wanted against machines that are there: rents, releases, sweeps. */
@NullMarked
package dev.millrace.engine.fleet;

import org.jspecify.annotations.NullMarked;
