/** Removes rows and bytes that would only grow. */
@NullMarked
package dev.millrace.engine.upkeep;

import org.jspecify.annotations.NullMarked;
