/** Plugins that break the rules, each in one way: what the tests drop into an installation. */
@NullMarked
package dev.millrace.it.rogue;

import org.jspecify.annotations.NullMarked;
