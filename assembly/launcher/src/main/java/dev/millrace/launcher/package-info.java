/** Starts the framework with the bundles of one distribution and says what is missing. */
@NullMarked
package dev.millrace.launcher;

import org.jspecify.annotations.NullMarked;
