/** What the operator set, typed, and the clock that everything asks for the time. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.settings;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
