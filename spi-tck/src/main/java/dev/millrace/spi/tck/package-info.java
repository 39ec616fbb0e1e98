/** What every plugin must do, as final tests that a plugin's own test class inherits. */
@NullMarked
package dev.millrace.spi.tck;

import org.jspecify.annotations.NullMarked;
