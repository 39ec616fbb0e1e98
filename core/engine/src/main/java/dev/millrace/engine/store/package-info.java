/** The ports that persistence implements: one transaction, one store a noun. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.store;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
