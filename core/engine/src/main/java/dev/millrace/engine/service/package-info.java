/** Use cases, one class per noun; the only door for the API. Authorisation happens here. */
@Export
@Version("1.0.0")
@NullMarked
package dev.millrace.engine.service;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
