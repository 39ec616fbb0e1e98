/** Workers on machines that are here already; first of all on the one that the master runs on. */
@NullMarked
package dev.millrace.provider.onprem;

import org.jspecify.annotations.NullMarked;
