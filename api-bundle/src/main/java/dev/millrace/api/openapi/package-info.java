/** Describes the API from its own classes, as an OpenAPI document. */
@NullMarked
package dev.millrace.api.openapi;

import org.jspecify.annotations.NullMarked;
