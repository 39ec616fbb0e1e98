/** Server-sent events: logs and the journal as streams that a client resumes where it was cut. */
@NullMarked
package dev.millrace.api.events;

import org.jspecify.annotations.NullMarked;
