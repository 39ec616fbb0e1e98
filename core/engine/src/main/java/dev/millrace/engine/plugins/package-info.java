/** The only OSGi-aware room: tracks services, guards every call, drains, knows their health. */
@NullMarked
package dev.millrace.engine.plugins;

import org.jspecify.annotations.NullMarked;
