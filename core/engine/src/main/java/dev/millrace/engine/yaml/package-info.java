/** What a valohai.yaml says: reading, checking, parameter values and commands; no I/O. */
@NullMarked
package dev.millrace.engine.yaml;

import org.jspecify.annotations.NullMarked;
