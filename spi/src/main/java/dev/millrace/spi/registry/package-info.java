/** Speaking for the container images under certain host names. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.spi.registry;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
