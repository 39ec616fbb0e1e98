/** Tests of the shipped distribution, over HTTP and with real clients. */
@NullMarked
package dev.millrace.it;

import org.jspecify.annotations.NullMarked;
