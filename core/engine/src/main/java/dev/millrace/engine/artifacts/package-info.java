/**
 * Hands out signed transfers and keeps code archives, worker releases and outputs in their stores.
 */
@NullMarked
package dev.millrace.engine.artifacts;

import org.jspecify.annotations.NullMarked;
