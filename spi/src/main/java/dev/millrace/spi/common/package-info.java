/** What every kind of plugin shares: the call, its failure, pages and secrets. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.spi.common;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
