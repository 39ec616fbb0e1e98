/** The resources of the public API: parse, ask one use case, map. No rules. */
@NullMarked
package dev.millrace.api;

import org.jspecify.annotations.NullMarked;
