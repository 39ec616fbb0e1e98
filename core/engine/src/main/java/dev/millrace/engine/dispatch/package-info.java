/** What a worker may ask: register, claim, beat, report. Its lease token is checked each time. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.dispatch;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
