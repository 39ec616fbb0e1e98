/** The port behind which Git lives: fetch, read a file of a commit, pack a commit. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.source;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
