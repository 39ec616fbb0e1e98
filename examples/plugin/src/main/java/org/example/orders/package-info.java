/** A sample plugin: machines ordered by files in a folder. */
@NullMarked
package org.example.orders;

import org.jspecify.annotations.NullMarked;
