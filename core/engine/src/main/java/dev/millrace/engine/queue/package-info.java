/** Wake-ups for waiting executions: a hint that may be lost; the rows are the truth. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.queue;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
