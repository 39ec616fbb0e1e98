/** Git through JGit: mirrors of projects' repositories, and archives of their commits. */
@NullMarked
package dev.millrace.source.git;

import org.jspecify.annotations.NullMarked;
