/** What an execution, project, commit, worker group and datum is: records, states, ids. No I/O. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.domain;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
