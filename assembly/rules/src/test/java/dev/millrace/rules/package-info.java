/** The rules of the house over all rooms together. */
@NullMarked
package dev.millrace.rules;

import org.jspecify.annotations.NullMarked;
