/** The executable: its command line, its folder, and the loops that claim, beat and run. */
@NullMarked
package dev.millrace.worker;

import org.jspecify.annotations.NullMarked;
