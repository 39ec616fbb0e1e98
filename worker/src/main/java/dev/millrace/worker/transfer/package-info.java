/** Moves code, inputs and outputs between stores and the disk, hashed while they stream. */
@NullMarked
package dev.millrace.worker.transfer;

import org.jspecify.annotations.NullMarked;
