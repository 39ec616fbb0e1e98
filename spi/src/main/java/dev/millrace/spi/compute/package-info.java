/** Renting machines from one account of one cloud. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.spi.compute;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
