/**
 * Images of any registry that speaks the Registry v2 interface: by password, token or anonymous.
 */
@NullMarked
package dev.millrace.registry.docker;

import org.jspecify.annotations.NullMarked;
