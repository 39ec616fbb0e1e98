/** Keeping bytes under keys in one bucket, container or folder. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.spi.storage;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
