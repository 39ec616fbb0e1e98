/** Keeps artifacts in a folder of a local or shared file system. */
@NullMarked
package dev.millrace.store.filesystem;

import org.jspecify.annotations.NullMarked;
