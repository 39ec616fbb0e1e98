/** The journal: facts get positions in one order after their commit; readers keep a cursor. */
@NullMarked
package dev.millrace.engine.events;

import org.jspecify.annotations.NullMarked;
