/** What runs print: live files here, sealed into an artifact store at the end. */
@NullMarked
package dev.millrace.engine.logs;

import org.jspecify.annotations.NullMarked;
