/** The installation's key: seals secrets, signs transfers, derives tokens. */
@NullMarked
package dev.millrace.engine.keys;

import org.jspecify.annotations.NullMarked;
